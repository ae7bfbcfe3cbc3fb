"""Files that are damaged, missing, half or somebody else's: one line that says which, and nothing that looks fresh."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.doors.setups import APP, Setup
from tests.e2e.endpoint import ROOT
from tests.e2e.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doors.conftest import OpenDoors

START_TIMEOUT_S = 20
KINDS = ("dev", "runtime")


def awaken(*arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command that has to end by itself, from a shell that sets its limits first."""
    command = " ".join(("exec", sys.executable, "-m", "awaken.cli", *arguments))
    return subprocess.run(
        ["bash", "-c", f"{before}\n{command}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        check=False,
    )


def start(kind: str, data: Path, *, before: str = "") -> subprocess.CompletedProcess[str]:
    """Start a runtime that cannot start."""
    places = [f"--{name} 127.0.0.1:{free_port()}" for name in ("ingress", "admin", "grpc")]
    app = [APP] if kind == "dev" else []
    return awaken(kind, *app, *places, f"--data-dir {data}", before=before)


@pytest.fixture(scope="session")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a runtime that was stopped while an invocation waited, with more than a page of state."""
    with Setup("dev", tmp_path_factory.mktemp("stopped")) as setup:
        setup.client.send("Waiting/wait")
        setup.client.call("Keeper/a/put", "x" * 100_000)
        assert setup.process.stop() == 0
        return setup.data


@pytest.fixture
def data(stopped: Path, tmp_path: Path) -> Path:
    """A copy of that directory, to be damaged."""
    return Path(shutil.copytree(stopped, tmp_path / "data"))


def _cut_off(data: Path) -> None:
    path = data / "awaken.sqlite"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


def _scramble(data: Path) -> None:
    path = data / "awaken.sqlite"
    content = path.read_bytes()
    path.write_bytes(content[:100] + random.Random(1).randbytes(len(content) - 100))


def _replace(data: Path) -> None:
    (data / "awaken.sqlite").write_bytes(b"this is no database" * 1000)


def _remove(data: Path) -> None:
    (data / "awaken.sqlite").unlink()


def _empty(data: Path) -> None:
    (data / "awaken.sqlite").write_bytes(b"")


def _empty_key(data: Path) -> None:
    (data / "callback.key").write_bytes(b"")


def _cut_key(data: Path) -> None:
    (data / "callback.key").write_bytes(b"half a key")


def _make_directory_of_key(data: Path) -> None:
    (data / "callback.key").unlink()
    (data / "callback.key").mkdir()


DAMAGE: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "database cut off": (_cut_off, ("awaken.sqlite", "awaken check", "backup")),
    "database scrambled": (_scramble, ("awaken.sqlite", "awaken check", "backup")),
    "no database": (_replace, ("awaken.sqlite", "not a database", "backup")),
    "database removed": (_remove, ("awaken.sqlite", "missing or empty", "backup")),
    "database emptied": (_empty, ("awaken.sqlite", "missing or empty", "backup")),
    "key emptied": (_empty_key, ("callback.key", "0 bytes", "restore it")),
    "key cut off": (_cut_key, ("callback.key", "10 bytes", "restore it")),
    "directory as key": (_make_directory_of_key, ("callback.key",)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_told_in_one_line(data: Path, kind: str, damage: str) -> None:
    make, words = DAMAGE[damage]
    make(data)

    ended = start(kind, data)

    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert all(word in line for word in words), line
    assert "--data-dir" in line or "callback.key" in line


@pytest.mark.parametrize("damage", ["database cut off", "database scrambled", "no database", "key emptied"])
def test_check_finds_the_damage_and_changes_nothing(data: Path, damage: str) -> None:
    assert awaken("check", f"--data-dir {data}").returncode == 0
    make, _ = DAMAGE[damage]
    make(data)
    before = {path.name: path.read_bytes() for path in data.iterdir()}

    ended = awaken("check", f"--data-dir {data}")

    assert (ended.returncode, ended.stderr) == (1, "")
    assert "wrong: " in ended.stdout
    assert {path.name: path.read_bytes() for path in data.iterdir()} == before


def test_check_reads_what_a_runtime_uses(open_doors: OpenDoors) -> None:
    with open_doors("dev") as doors:
        doors.client.call("Keeper/a/put", "something")

        ended = awaken("check", f"--data-dir {doors.data}", "--json-output")

        assert ended.returncode == 0, ended.stdout
        assert '"problems": []' in ended.stdout
        assert awaken("check", f"--data-dir {doors.data}", "--compact").returncode == 1
        assert doors.client.call("Keeper/a/get") == "something"


@pytest.mark.parametrize("kilobytes", [0, 4, 40])
def test_disk_without_space_at_the_first_start(tmp_path: Path, kilobytes: int) -> None:
    full = f"trap '' XFSZ; ulimit -f {kilobytes}"  # writing beyond this fails as on a full disk

    ended = start("runtime", tmp_path / "data", before=full)

    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert str(tmp_path / "data") in line
    assert "disk" in line or "space" in line


def test_start_after_a_start_without_space(tmp_path: Path, open_doors: OpenDoors) -> None:
    start("runtime", tmp_path / "data", before="trap '' XFSZ; ulimit -f 40")

    with open_doors("runtime") as doors:
        assert doors.client.call("Greeter/greet", "somebody") == "hello somebody"


def test_data_is_readable_by_its_user_only(open_doors: OpenDoors) -> None:
    with open_doors("dev") as doors:
        doors.client.call("Keeper/a/put", "something")

        modes = {path.name: path.stat().st_mode & 0o077 for path in doors.data.iterdir()}

        assert {name for name, mode in modes.items() if mode} == {".gitignore"}
        assert doors.data.stat().st_mode & 0o777 == 0o700
        assert "*" in (doors.data / ".gitignore").read_text().splitlines()
