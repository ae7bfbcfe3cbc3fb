"""What commands print: on terminals of several widths, into pipes, and where nobody reads."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.test_invocations import FakeAdmin

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

AWAKEABLE = "sign_1sf902udLPZuGobB_hAWgaXlo1imYnqYVAAAAEQ"
IDS = [f"inv_1dkkPaRrpMjf0EQZ1fiwpzVUMuX2NL8X8{last}" for last in "qr"] + [
    "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr",
    "inv_1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
]
FAILURE = (
    "[500] 供应商 refused the order of 12 pieces because the warehouse\x1b]52;c;x\x07 has only 3 of them left"
)
HELPED = [
    *([], ["dev"], ["runtime"], ["serve"], ["register"], ["resolve"], ["reject"], ["id"], ["gateway"]),
    *(
        ["invocations"],
        ["invocations", "list"],
        ["invocations", "kill"],
        ["awakeables"],
        ["awakeables", "list"],
    ),
]


@pytest.fixture
def admin() -> Iterator[FakeAdmin]:
    fake = FakeAdmin()
    fake.rows = [
        {
            "id": identifier,
            "target": "Warehouse/north-west/reserve_and_confirm",
            "status": "backing-off" if number else "running",
            "created_at": "2026-11-22T09:48:21.213Z",
            "retry_count": number,
            "last_failure": f"{FAILURE}\nTraceback" if number else None,
        }
        for number, identifier in enumerate(IDS)
    ]
    yield fake
    fake.close()


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "awaken.cli", *arguments]


def on_terminal(columns: int, *arguments: str) -> str:
    """Return what a command prints on a terminal of this width, without colours."""
    main, secondary = pty.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        command(*arguments),
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
        env={**environment, "TERM": "xterm"},
    ) as process:
        os.close(secondary)
        shown = b""
        while chunk := _read(main):
            shown += chunk
        assert process.wait(timeout=30) == 0
    os.close(main)
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other side is closed
        return b""


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_invocations_fit_the_terminal(admin: FakeAdmin, columns: int) -> None:
    from rich.cells import cell_len

    shown = on_terminal(columns, "invocations", "list", "--admin", admin.url)

    assert max(map(cell_len, shown.splitlines())) <= columns
    assert not set("\x1b\x07") & set(shown)
    assert len([line for line in shown.splitlines() if "[500]" in line]) == 3
    printed = re.findall(r"^inv_1\w+", shown, re.MULTILINE)
    assert [identifier for identifier in IDS if identifier.startswith(printed[0])] == IDS[:1]
    for identifier in printed:
        assert len([one for one in IDS if one.startswith(identifier)]) == 1


def test_a_key_of_megabytes_leaves_a_table(admin: FakeAdmin) -> None:
    admin.rows[0]["target"] = f"Warehouse/{'k' * 10_000_000}/reserve"

    shown = on_terminal(100, "invocations", "list", "--admin", admin.url)

    assert max(map(len, shown.splitlines())) <= 100
    assert "Warehouse/kkk" in shown
    assert len([line for line in shown.splitlines() if "[500]" in line]) == 3


def test_a_pipe_gets_everything_on_one_line_each(admin: FakeAdmin) -> None:
    done = subprocess.run(
        command("invocations", "list", "--admin", admin.url), capture_output=True, text=True, check=True
    )

    lines = [line for line in done.stdout.splitlines() if line.startswith("inv_1")]
    assert [line.split()[0] for line in lines] == IDS
    assert lines[1].endswith(FAILURE.replace("\x1b", "\\x1b").replace("\x07", "\\x07"))
    assert not any(line.endswith(" ") for line in done.stdout.splitlines())


@pytest.mark.parametrize("columns", [40, 80])
def test_awakeables_fit_the_terminal_and_have_whole_ids(admin: FakeAdmin, columns: int) -> None:
    admin.rows = [
        {
            "id": IDS[0],
            "target": "Warehouse/north-west/reserve_and_confirm",
            "target_service_name": "Warehouse",
            "target_service_key": "north-west",
            "target_handler_name": "reserve_and_confirm",
            "status": "suspended",
            "modified_at": "2026-11-22T09:48:21.213Z",
            "suspended_waiting_future_json": '{"Single": {"SignalIndex": 17}}',
            "future": '{"Single": {"SignalIndex": 17}}',
        }
    ]

    shown = on_terminal(columns, "awakeables", "list", "--admin", admin.url)

    lines = shown.splitlines()
    assert [line for line in lines if len(line) > columns] == ([AWAKEABLE] if columns == 40 else [])
    assert AWAKEABLE in shown
    if columns == 80:
        assert lines[0].split() == ["Id", "Handler", "Key", "Since"]


@pytest.mark.parametrize("arguments", HELPED, ids=" ".join)
def test_help_has_a_short_name_and_fits(arguments: list[str]) -> None:
    shown = on_terminal(80, *arguments, "-h")

    assert "Usage: " in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "suggested"),
    [
        (["invocation", "list"], "invocations"),
        (["deve", "app:app"], "dev"),
        (["awakeables", "lst"], "list"),
        (["invocations", "list", "--statsu", "paused"], "--status"),
        (["dev", "app:app", "--ingres", "127.0.0.1:1"], "--ingress"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_typos_are_told_what_is_right(arguments: list[str], suggested: str) -> None:
    done = subprocess.run(command(*arguments), capture_output=True, text=True, check=False)

    assert done.returncode == 2
    words = done.stderr.splitlines()[-1].translate(str.maketrans("'),", "   ")).split()
    assert suggested in words


def test_a_reader_that_is_gone_ends_a_command_quietly() -> None:
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run(
        command("id", IDS[0]), stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )

    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    "arguments",
    [["id", IDS[0]], ["id", IDS[0], "--json-output"], ["--help"], ["check", "--help"], ["--version"]],
)
def test_output_that_cannot_be_stored_is_an_error(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command(*arguments), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )

    assert done.returncode == 1
    reason = "cannot write the output: No space left on device"
    if "--json-output" in arguments:
        assert json.loads(done.stderr)["error"] == reason
    else:
        assert done.stderr == f"error: {reason}\n"


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_an_error_that_nobody_can_read_is_an_error_still(redirection: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f'exec "$@" {redirection}', "bash", *command("id", "garbage")], check=False
    )

    assert done.returncode == 2


def test_a_usage_error_that_cannot_be_stored_is_an_error_still() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(command("check", "--nonsense"), stdout=full, stderr=full, check=False)

    assert done.returncode != 0


def test_all_streams_may_be_closed() -> None:
    script = 'exec "$@" <&- >&- 2>&-'

    assert subprocess.run(["bash", "-c", script, "bash", *command("id", IDS[0])], check=False).returncode == 0
