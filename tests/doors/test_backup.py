"""`awaken backup` beside a runtime that works: the copy goes on from its moment, elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from awaken import _core
from awaken.runtime.store.check import check_directory

from tests.doors.setups import Setup
from tests.e2e.endpoint import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FIRST_AWAKEABLE = 17


def backup(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "awaken.cli", "backup", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def awakeable_of(invocation: str) -> str:
    return _core.format_awakeable_id(_core.parse_invocation_id(invocation), FIRST_AWAKEABLE)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["stopped", "killed"])
def test_copies_made_under_load_are_whole_and_go_on(ending: str, tmp_path: Path) -> None:
    is_over = threading.Event()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    with Setup("dev", tmp_path / "first") as setup:
        waiting = [setup.client.send("Waiting/wait") for _ in range(20)]

        def load() -> None:
            for number in range(1_000_000):
                if is_over.is_set():
                    return
                setup.client.call(f"Keeper/{number % 50}/put", "x" * 50_000)

        thread = threading.Thread(target=load)
        thread.start()
        try:
            made = [
                backup(str(tmp_path / f"copy {number}"), "--data-dir", str(setup.data), "--json-output")
                for number in range(3)
            ]
        finally:
            is_over.set()
            thread.join()
        assert [each.returncode for each in made] == [0] * 3, made
        if ending == "stopped":
            assert setup.process.stop() == 0
        else:
            setup.process.kill()

    last = json.loads(made[-1].stdout)
    assert last["open_invocations"] in (20, 21)  # the call of that moment may be in it
    for number in range(3):
        assert check_directory(tmp_path / f"copy {number}", is_full=True).problems == []
    (tmp_path / "copy 2").rename(tmp_path / "second" / "data")
    with Setup("dev", tmp_path / "second") as restored:
        for invocation in waiting:
            assert restored.client.resolve(awakeable_of(invocation), b'"restored"').status_code < 300
        assert [restored.client.attach(invocation) for invocation in waiting] == ["restored"] * 20


def test_what_cannot_be_copied_is_named_in_one_line(tmp_path: Path) -> None:
    failed = backup(str(tmp_path / "copy"), "--data-dir", str(tmp_path))

    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr == (
        f"error: there is no {tmp_path / 'awaken.sqlite'}; name the directory that a runtime was started with "
        "(TARGET, and --data-dir or AWAKEN_DATA_DIR)\n"
    )
