"""What a terminal and the Error frame show of errors in handlers: the author's frames, and none of this package."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.unit.cli.test_dev import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

#: Functions in the traceback of each handler, from the outermost to the innermost, one list an error.
FRAMES = {
    "plain": [["plain", "charge"]],
    "decorated": [["wrapper", "decorated", "charge"]],
    "grouped": [["grouped", "__aexit__"], ["charge_later"]],
    "blocking_run": [["charge"]],
    "async_run": [["charge_later"]],
    "gathered_run": [["charge_later"]],
    "chained": [["look_up", "__getitem__"], ["chained", "look_up"]],
    "implied": [["look_up", "__getitem__"], ["implied", "look_up"], ["implied", "charge"]],
    "library": [["library", "loads", "decode", "raw_decode"]],
    "managed": [["managed", "__exit__", "ledger"]],
    "surrounded": [["surrounding"]],
    "threaded": [["threaded", "to_thread", "run", "charge"]],
}


@pytest.fixture(params=["without uvloop", "with uvloop"], scope="module")
def command(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("failing")
    shutil.copy(Path(__file__).parent / "failing_app.py", folder)
    if request.param == "without uvloop":
        (folder / "uvloop.py").write_text("raise ModuleNotFoundError('uvloop is not installed')\n")
    ports = ("--ingress", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    with Command(folder, "dev", "failing_app:app", *ports) as command:
        assert command.ingress
        yield command


def shown(text: str) -> list[list[str]]:
    """Return the functions of each traceback in a text."""
    pieces = re.split(r"Traceback \(most recent call last\):", text)[1:]
    return [re.findall(r'File "[^"]+", line \d+, in (\w+)', piece) for piece in pieces]


@pytest.mark.parametrize("handler", FRAMES)
def test_error_of_a_handler_or_run_shows_the_authors_frames_only(command: Command, handler: str) -> None:
    printed = len(command.output)

    answer = httpx.post(f"{command.ingress}/Failing/{handler}", timeout=15, trust_env=False).json()
    command.wait_for(rf"failed +Failing/{handler} ")

    if handler == "refused":  # wrong use of the API ends the invocation at once; its message names the line
        assert "failing_app.py:" in answer["message"]
    else:
        assert shown(answer["stacktrace"]) == FRAMES[handler]
    log = command.output[printed:]
    assert shown(log) == FRAMES[handler]
    assert "uvloop" not in log
    assert "/awaken/" not in log


def test_wrong_use_of_the_package_shows_the_line_that_does_it(command: Command) -> None:
    printed = len(command.output)

    answer = httpx.post(f"{command.ingress}/Failing/refused", timeout=15, trust_env=False).json()
    command.wait_for(r"failed +Failing/refused ")

    assert re.match(r"Failing/refused at \S+failing_app.py:\d+: Handler not found: ", answer["message"])
    assert shown(command.output[printed:]) == [["refused"]]


def test_error_that_nothing_awaits_shows_the_authors_frames_only(command: Command) -> None:
    printed = len(command.output)

    answer = httpx.post(f"{command.ingress}/Failing/abandoned", timeout=15, trust_env=False)

    assert answer.status_code == 200
    command.wait_for("exception was never retrieved")
    assert shown(command.output[printed:]) == [["charge_later"]]


def test_invocations_show_prints_the_authors_frames_only(command: Command) -> None:
    sent = httpx.post(f"{command.ingress}/Failing/patient/send", timeout=15, trust_env=False).json()
    command.wait_for(r"backing.off +Failing/patient ")

    arguments = ["invocations", "show", sent["invocationId"], "--admin", command.admin]
    printed = subprocess.run(
        [sys.executable, "-m", "awaken.cli", *arguments], capture_output=True, text=True, check=True
    ).stdout

    assert shown(printed) == [["patient", "charge"]]
    assert "/awaken/" not in printed


def test_random_name_of_a_run_is_told_with_the_place_that_recorded_it(command: Command) -> None:
    printed = len(command.output)

    answer = httpx.post(f"{command.ingress}/Failing/unsteady", timeout=15, trust_env=False).json()
    command.wait_for(r"failed +Failing/unsteady ")

    found = re.search(
        r'at (\S+:\d+): entry 1: run "charge [^"]+": recorded name "charge [^"]+" at (\S+:\d+), '
        r'attempted "charge [^"]+"; the same code issued both, so it uses a clock, a random number or other '
        r"outside data: take those from ctx.time\(\), ctx.random\(\), ctx.uuid\(\) or a run",
        answer["message"],
    )
    assert found is not None, answer["message"]
    assert found[1] == found[2]
    assert found[0] in command.output[printed:]


def test_everything_is_shown_on_request(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parent / "failing_app.py", tmp_path)
    ports = ("--ingress", "127.0.0.1:0", "--admin", "127.0.0.1:0")
    with Command(tmp_path, "dev", "failing_app:app", *ports, AWAKEN_FULL_TRACEBACKS="1") as command:
        answer = httpx.post(f"{command.ingress}/Failing/plain", timeout=15, trust_env=False).json()

    assert shown(answer["stacktrace"]) == [["_run_handler", "plain", "charge"]]
