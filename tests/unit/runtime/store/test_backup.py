"""A copy of a data directory is one moment of it, whole, and nobody else's to read."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from awaken.runtime.errors import StoreError
from awaken.runtime.store import Store
from awaken.runtime.store.backup import back_up
from awaken.runtime.store.check import check_directory
from awaken.runtime.store.directory import LINK_KEY, Directory

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 4000
INSERT = "INSERT INTO state (service, key, name, value) VALUES ('s', 'k', ?, ?)"


@pytest_asyncio.fixture
async def directory(tmp_path: Path) -> Path:
    """A data directory of 8 MB, that nothing uses."""
    with Directory(tmp_path / "data") as directory:
        store = Store(directory.database)
        store.write_many(INSERT, [(f"{number}", b"x" * 2000) for number in range(ROWS)])
        store.close()
    (tmp_path / "data" / LINK_KEY).write_bytes(b"k" * 32)
    return tmp_path / "data"


def names_in(directory: Path) -> set[str]:
    with sqlite3.connect(directory / "awaken.sqlite") as connection:
        return {name for (name,) in connection.execute("SELECT name FROM state")}


def test_what_is_committed_while_copying_is_not_in_the_copy(directory: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    reports: list[tuple[int, int]] = []
    with Directory(directory) as owned, sqlite3.connect(owned.database, isolation_level=None) as writer:
        writer.execute(INSERT, ("before", b""))

        def write_more(copied: int, total: int) -> None:
            reports.append((copied, total))
            writer.execute(INSERT, (f"during {len(reports)}", b"x" * 100_000))

        made = back_up(directory, target, on_progress=write_more)

    assert len(reports) > 1
    assert reports[-1][0] == reports[-1][1]
    assert names_in(target) == {str(number) for number in range(ROWS)} | {"before"}
    assert made.size == (target / "awaken.sqlite").stat().st_size
    assert check_directory(target, is_full=True).problems == []


def test_what_a_killed_runtime_left_in_its_log_is_in_the_copy(directory: Path, tmp_path: Path) -> None:
    write_and_die = (
        "import os, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        f"connection.execute({INSERT!r}, ('last', b''))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", write_and_die, directory / "awaken.sqlite"], check=False)
    assert (directory / "awaken.sqlite-wal").stat().st_size > 0

    back_up(directory, tmp_path / "copy")

    assert "last" in names_in(tmp_path / "copy")


def test_copy_has_the_key_and_is_closed_to_others(directory: Path, tmp_path: Path) -> None:
    made = back_up(directory, tmp_path / "deep" / "copy")

    assert made.has_key
    assert (made.path / LINK_KEY).read_bytes() == b"k" * 32
    assert sorted(entry.name for entry in made.path.iterdir()) == ["awaken.sqlite", LINK_KEY]
    assert made.path.stat().st_mode & 0o777 == 0o700
    assert {entry.stat().st_mode & 0o777 for entry in made.path.iterdir()} == {0o600}


def test_a_copy_without_a_key_says_so(directory: Path, tmp_path: Path) -> None:
    (directory / LINK_KEY).unlink()

    assert not back_up(directory, tmp_path / "copy").has_key


@pytest.mark.parametrize("at", [".", "backups/today"])
def test_a_copy_within_the_directory_is_refused(directory: Path, at: str) -> None:
    with pytest.raises(StoreError, match="name a directory elsewhere"):
        back_up(directory, directory / at)


def test_a_target_that_is_not_empty_is_refused_and_kept(directory: Path, tmp_path: Path) -> None:
    back_up(directory, tmp_path / "copy")
    before = (tmp_path / "copy" / "awaken.sqlite").read_bytes()

    with pytest.raises(
        StoreError, match=f"not empty, it has awaken.sqlite, {LINK_KEY}; name a new directory"
    ):
        back_up(directory, tmp_path / "copy")

    assert (tmp_path / "copy" / "awaken.sqlite").read_bytes() == before


def test_a_target_that_is_a_file_is_refused(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="choose another target"):
        back_up(directory, tmp_path / "file")


def test_there_has_to_be_a_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no"):
        back_up(tmp_path, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_other_files_are_not_copied_as_databases(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with sqlite3.connect(tmp_path / "data" / "awaken.sqlite") as other:
        other.execute("CREATE TABLE anything (a)")

    with pytest.raises(StoreError, match="not a database of awaken"):
        back_up(tmp_path / "data", tmp_path / "copy")


def test_damage_is_named_and_leaves_no_copy(directory: Path, tmp_path: Path) -> None:
    (directory / "awaken.sqlite").write_bytes(b"x" * 4096)

    with pytest.raises(StoreError, match=r"SQLITE_NOTADB.*awaken check"):
        back_up(directory, tmp_path / "copy")

    assert not (tmp_path / "copy" / "awaken.sqlite").exists()


def test_a_full_disk_is_named_and_leaves_no_half_copy(directory: Path, tmp_path: Path) -> None:
    """A limit of the size of files stands for the disk: SQLite is told the same of both."""
    program = (
        "import resource, signal, sys\n"
        "from awaken.runtime.store.backup import back_up\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        "back_up(sys.argv[1], sys.argv[2])\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program, directory, tmp_path / "copy"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"cannot copy {directory / 'awaken.sqlite'} to {tmp_path / 'copy'}" in ended.stderr
    assert "look at the disk" in ended.stderr or "free some space" in ended.stderr
    assert not (tmp_path / "copy").exists()


def test_key_that_cannot_be_copied_leaves_nothing(directory: Path, tmp_path: Path) -> None:
    (directory / LINK_KEY).unlink(missing_ok=True)
    (directory / LINK_KEY).mkdir()  # it can be opened, and not read
    empty = tmp_path / "empty"
    empty.mkdir()

    for target in (tmp_path / "new" / "copy", empty):
        with pytest.raises(StoreError, match=LINK_KEY):
            back_up(directory, target)

    assert list(empty.iterdir()) == []
    assert not (tmp_path / "new").exists()
    (directory / LINK_KEY).rmdir()
    assert back_up(directory, empty).path == empty


def test_what_others_put_into_a_target_meanwhile_stays(directory: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"

    def interfere(_copied: int, _total: int) -> None:
        (target / "theirs").touch()
        raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space left on device"):
        back_up(directory, target, on_progress=interfere)

    assert [one.name for one in target.iterdir()] == ["theirs"]


def test_of_two_backups_to_one_place_one_is_refused(directory: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    refused: list[str] = []

    def back_up_again(_copied: int, _total: int) -> None:
        with pytest.raises(StoreError) as failure:
            back_up(directory, target)
        refused.append(str(failure.value))

    made = back_up(directory, target, on_progress=back_up_again)

    assert refused
    assert all("name a new directory" in text for text in refused)
    assert names_in(made.path) == {str(number) for number in range(ROWS)}
