"""The data directory: whose it is, and what it says of files that are missing or belong to others."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import portalocker
import pytest
from awaken.runtime.errors import DirectoryInUseError, StoreError
from awaken.runtime.store import Store
from awaken.runtime.store.directory import DATABASE, LINK_KEY, Directory

if TYPE_CHECKING:
    from pathlib import Path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_directory_has_one_owner(tmp_path: Path) -> None:
    with (
        Directory(tmp_path / "data"),
        pytest.raises(DirectoryInUseError, match=f"in use by process {os.getpid()}"),
    ):
        Directory(tmp_path / "data")
    Directory(tmp_path / "data").close()


def test_directory_is_locked_where_there_is_no_temporary_directory(tmp_path: Path) -> None:
    """As in a container with a read-only root, or on a full disk."""
    code = (
        "import sys, tempfile\n"
        "tempfile._candidate_tempdir_list = list\n"
        "from awaken.runtime.store.directory import Directory\n"
        "with Directory(sys.argv[1]):\n"
        "    try: Directory(sys.argv[1])\n"
        "    except Exception as error: print(error)\n"
        "try: tempfile.gettempdir()\n"
        "except FileNotFoundError: print('none')\n"
    )

    told = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "data"], capture_output=True, text=True, check=False
    )

    assert (told.stderr, told.returncode) == ("", 0)
    assert "in use by process" in told.stdout
    assert told.stdout.endswith("none\n")


def test_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise portalocker.LockException("no locks available")

    monkeypatch.setattr(portalocker, "lock", refuse)

    with pytest.raises(
        StoreError, match="no locks available; choose a data directory on a file system with locks"
    ):
        Directory(tmp_path / "data")


def test_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="choose another one"):
        Directory(tmp_path / "file" / "data")


async def test_new_directory_is_closed_to_other_users(tmp_path: Path) -> None:
    with Directory(tmp_path / "data") as directory:
        store = Store(directory.database)
        store.write("INSERT INTO deployment (id, created_at, document) VALUES ('a', 1, '{}')")
        store.commit()

        modes = {path.name: mode_of(path) for path in directory.path.iterdir() if path.name != ".gitignore"}
        store.close()

    assert mode_of(tmp_path / "data") == 0o700
    assert set(modes) == {DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "lock"}
    assert set(modes.values()) == {0o600}


def test_files_of_an_earlier_version_are_closed_to_other_users(tmp_path: Path) -> None:
    for name in (DATABASE, LINK_KEY):
        (tmp_path / name).write_bytes(b"something")
        (tmp_path / name).chmod(0o644)
    tmp_path.chmod(0o755)

    Directory(tmp_path).close()

    assert {mode_of(tmp_path / name) for name in (DATABASE, LINK_KEY)} == {0o600}
    assert mode_of(tmp_path) == 0o755


def test_git_ignores_a_directory_of_ours(tmp_path: Path) -> None:
    Directory(tmp_path / "data").close()
    assert "*" in (tmp_path / "data" / ".gitignore").read_text().splitlines()

    (tmp_path / "data" / ".gitignore").write_text("my own")
    Directory(tmp_path / "data").close()
    assert (tmp_path / "data" / ".gitignore").read_text() == "my own"


def test_directory_with_other_files_is_left_to_its_owner(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")

    Directory(tmp_path).close()

    assert not (tmp_path / ".gitignore").exists()


@pytest.mark.parametrize("sign", [LINK_KEY, f"{DATABASE}-wal"])
@pytest.mark.parametrize("is_emptied", [False, True])
def test_missing_database_is_not_a_fresh_start(tmp_path: Path, sign: str, is_emptied: bool) -> None:
    (tmp_path / sign).write_bytes(b"something")
    if is_emptied:
        (tmp_path / DATABASE).touch()

    with pytest.raises(StoreError, match=f"{DATABASE} is missing or empty, but .*{sign}.*restore"):
        Directory(tmp_path)

    assert (tmp_path / DATABASE).exists() is is_emptied
    (tmp_path / sign).unlink()
    Directory(tmp_path).close()


def test_directory_of_a_backup_that_was_killed_is_no_fresh_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    Store(tmp_path / "data" / DATABASE).close()
    kill_meanwhile = (
        "import os, sys\n"
        "from awaken.runtime.store.backup import back_up\n"
        "back_up(sys.argv[1], sys.argv[2], on_progress=lambda *_: os.kill(os.getpid(), 9))\n"
    )
    command = [sys.executable, "-c", kill_meanwhile, str(tmp_path / "data"), str(tmp_path / "copy")]
    assert subprocess.run(command, check=False).returncode == -9

    with pytest.raises(StoreError, match=r"copy is an unfinished copy: .*partial is there.*make a new one"):
        Directory(tmp_path / "copy")

    assert not (tmp_path / "copy" / DATABASE).exists()


def test_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / DATABASE
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="another program, with the tables recipes"):
        Store(path)

    assert path.read_bytes() == before
