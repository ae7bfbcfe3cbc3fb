"""Damage is found, table by table, and looking for it changes nothing."""

from __future__ import annotations

import json
import random
import sqlite3
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from awaken.cli import app
from awaken.runtime.errors import DirectoryInUseError, StoreError
from awaken.runtime.store import Store
from awaken.runtime.store.check import check_directory, compact_directory
from awaken.runtime.store.directory import LINK_KEY, Directory
from typer.testing import CliRunner

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 500
INSERT = "INSERT INTO state (service, key, name, value) VALUES ('s', 'k', ?, ?)"


@pytest_asyncio.fixture
async def directory(tmp_path: Path) -> Path:
    """A data directory with some state, that nothing uses."""
    with Directory(tmp_path / "data") as directory:
        store = Store(directory.database)
        store.write_many(INSERT, [(f"{number}", b"x" * 2000) for number in range(ROWS)])
        store.close()
    return tmp_path / "data"


def files_of(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_sound_directory(directory: Path) -> None:
    before = files_of(directory)
    tables: list[str] = []

    report = check_directory(directory, is_full=True, on_table=tables.append)

    assert report.problems == []
    assert report.rows["state"] == ROWS
    assert report.size == (directory / "awaken.sqlite").stat().st_size
    assert tables == sorted(report.rows)
    assert files_of(directory) == before


async def test_directory_in_use_is_read_with_what_is_not_in_the_database_yet(directory: Path) -> None:
    with Directory(directory) as owned:
        store = Store(owned.database)
        store.write(INSERT, ("new", b""))
        store.commit()

        report = check_directory(directory)

        assert (report.problems, report.rows["state"]) == ([], ROWS + 1)
        with pytest.raises(DirectoryInUseError):
            compact_directory(directory)
        store.close()


@pytest.mark.parametrize("seed", range(5))
def test_overwritten_pages_are_found(directory: Path, seed: int) -> None:
    path = directory / "awaken.sqlite"
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    for page in chance.sample(range(1, len(content) // 4096), 20):
        content[page * 4096 : page * 4096 + 200] = chance.randbytes(200)
    path.write_bytes(content)

    report = check_directory(directory)

    assert report.problems
    assert all(len(problem) < 1000 for problem in report.problems)


@pytest.mark.parametrize("part", [1, 3])
def test_database_that_was_cut_off_is_found(directory: Path, part: int) -> None:
    path = directory / "awaken.sqlite"
    path.write_bytes(path.read_bytes()[: path.stat().st_size * part // 4])

    assert check_directory(directory).problems


def test_file_that_is_no_database(directory: Path) -> None:
    (directory / "awaken.sqlite").write_bytes(b"something else " * 1000)

    (problem,) = check_directory(directory).problems

    assert "SQLITE_NOTADB" in problem
    assert "backup" in problem


def test_database_that_cannot_be_read_is_not_called_damaged(directory: Path) -> None:
    """Nothing is known of it then: neither its schema, nor that it needs a backup."""
    (directory / "awaken.sqlite-wal").mkdir()  # SQLite is refused it, as without permission; also by root
    (directory / "awaken.sqlite-shm").touch()

    with pytest.raises(StoreError, match=r"SQLITE_CANTOPEN.*readable.*was not checked") as refused:
        check_directory(directory)

    assert "backup" not in str(refused.value)


def test_index_without_its_row_is_found_by_a_full_check(directory: Path) -> None:
    connection = sqlite3.connect(directory / "awaken.sqlite", isolation_level=None)
    (table,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'deployment'").fetchone()
    connection.execute("INSERT INTO deployment (id, created_at, document) VALUES ('a', 1, '{}')")
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'timer') "
        "WHERE name = 'sqlite_autoindex_deployment_1'"
    )
    connection.close()
    assert "PRIMARY KEY" in table

    assert check_directory(directory, is_full=True).problems


def test_newer_schema_and_broken_key_are_found(directory: Path) -> None:
    connection = sqlite3.connect(directory / "awaken.sqlite", isolation_level=None)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    (directory / LINK_KEY).write_bytes(b"short")

    key, version = check_directory(directory).problems

    assert "callback.key has 5 bytes" in key
    assert "schema version 99" in version


def test_database_of_another_program_is_not_called_sound(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "awaken.sqlite")
    connection.execute("CREATE TABLE customer (name TEXT)")
    connection.close()

    (problem,) = check_directory(tmp_path).problems

    assert problem == "this is a database of another program, with the tables customer"


@pytest.mark.parametrize(
    ("content", "version", "advice"),
    [
        (
            b"something else " * 1000,
            None,
            ["restore the directory from a backup, or move it away to start without data"],
        ),
        (None, 99, []),
    ],
    ids=["damaged", "of a newer awaken"],
)
def test_command_advises_to_move_away_only_what_is_damaged(
    directory: Path, content: bytes | None, version: int | None, advice: list[str]
) -> None:
    if content is not None:
        (directory / "awaken.sqlite").write_bytes(content)
    else:
        connection = sqlite3.connect(directory / "awaken.sqlite", isolation_level=None)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.close()

    checked = CliRunner().invoke(app, ["check", "--data-dir", str(directory)])
    as_json = CliRunner().invoke(app, ["check", "--data-dir", str(directory), "--json-output"])

    assert (checked.exit_code, as_json.exit_code) == (1, 1)
    assert ("schema version" in checked.stdout.splitlines()[0]) is (version is not None)
    assert [line for line in checked.stdout.splitlines() if line.startswith("restore")] == advice
    assert json.loads(as_json.stdout)["schema_version"] == version


@pytest.mark.parametrize("copied", [[], ["awaken.sqlite-wal"]], ids=["database", "database and log"])
async def test_copy_that_lacks_files_of_a_directory_in_use_is_not_called_sound(
    tmp_path: Path, copied: list[str]
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    with Directory(tmp_path / "data") as owned:
        store = Store(owned.database)
        store.write(INSERT, ("new", b""))
        store.commit()
        for name in ["awaken.sqlite", *copied]:
            (copy / name).write_bytes((tmp_path / "data" / name).read_bytes())
        store.close()

    (problem,) = check_directory(copy).problems

    assert "awaken.sqlite-wal" in problem


def test_directory_without_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no .*awaken\.sqlite"):
        check_directory(tmp_path)
    with pytest.raises(StoreError, match=r"there is no .*awaken\.sqlite"):
        compact_directory(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_unfinished_copy_is_refused(tmp_path: Path) -> None:
    (tmp_path / "awaken.sqlite.partial").touch()
    Store(tmp_path / "awaken.sqlite").close()  # by a version that did not refuse to start with it

    for use in (check_directory, compact_directory):
        with pytest.raises(StoreError, match="is an unfinished copy"):
            use(tmp_path)


def test_directory_that_cannot_be_looked_into_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot look for .*: File name too long"):
        check_directory(tmp_path / ("x" * 300))


def test_rewriting_gives_free_space_back(directory: Path) -> None:
    connection = sqlite3.connect(directory / "awaken.sqlite", isolation_level=None)
    connection.execute("DELETE FROM state")
    connection.close()
    assert check_directory(directory).free_size > ROWS * 2000

    before, after = compact_directory(directory)

    assert after < before / 4
    assert check_directory(directory).free_size == 0
