"""Looks for damage in a data directory, and rewrites its database. Checking changes nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from awaken.runtime.errors import StoreError
from awaken.runtime.store.directory import (
    DATABASE,
    LINK_KEY,
    LINK_KEY_SIZE,
    SHARED_MEMORY,
    WRITE_AHEAD_LOG,
    Directory,
    check_finished,
)
from awaken.runtime.store.migration import describe_newer
from awaken.runtime.store.opening import compact, explain, is_damage, is_of_another_program

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Report", "check_directory", "compact_directory", "database_of"]

#: Lines of damage that are reported of one table; the rest only repeats them.
_MOST_PROBLEMS: Final = 20
#: Tables of another program's database that are named.
_SHOWN_TABLES: Final = 5

#: The version that brought the table of large payloads, and the tables that name them.
_PAYLOADS_SINCE: Final = 8
_WITH_PAYLOADS: Final = frozenset(("invocation", "journal", "payload"))
#: Questions for a count and an example, and what it means if there are some.
_LOST_PAYLOADS: Final = {
    "SELECT count(*), min(invocation) FROM journal "
    "WHERE payload_id IS NOT NULL AND payload_id NOT IN (SELECT id FROM payload)": (
        "{count} entries of journals name a payload that is missing, first that of invocation {first}"
    ),
    "SELECT count(*), min(seq) FROM invocation AS i WHERE result_payload_id IS NOT NULL AND NOT EXISTS ("
    "SELECT 1 FROM payload AS p WHERE p.id = i.result_payload_id AND i.result_offset BETWEEN 0 AND length(p.bytes))": (
        "{count} results are in a payload that is missing or shorter, first that of invocation {first}"
    ),
    "SELECT count(*), min(invocation) FROM payload WHERE invocation NOT IN (SELECT seq FROM invocation)": (
        "{count} payloads are of invocations that are gone, first of {first}"
    ),
}


@dataclass(slots=True)
class Report:
    """What was found. Sizes are in bytes."""

    path: Path
    size: int
    #: Size of what would be given back by rewriting the database.
    free_size: int = 0
    #: None if it could not be read.
    schema_version: int | None = None
    #: How many rows each table has; one that cannot be read is left out.
    rows: dict[str, int] = field(default_factory=dict)
    #: One text for each thing that is wrong.
    problems: list[str] = field(default_factory=list)
    #: Whether what is stored is damaged, so that only a backup brings it back.
    is_damaged: bool = False


def check_directory(
    directory: str | os.PathLike[str],
    *,
    is_full: bool = False,
    on_table: Callable[[str], None] = lambda _table: None,
) -> Report:
    """Read every page of the database, also while a runtime uses it.

    Args:
        directory: the data directory.
        is_full: compare each index with its table, too, which takes several times as long.
        on_table: called with the name of each table before it is read.

    Raises:
        StoreError: there is no database, or it cannot be read, which says nothing about what is in it.
    """
    path = database_of(directory)
    report = Report(path, path.stat().st_size, problems=list(_problems_of_key(path.with_name(LINK_KEY))))
    connection = None
    try:
        connection = sqlite3.connect(_uri(path), uri=True, isolation_level=None)
        _describe(connection, report)
        report.problems += _problems_of_origin(connection, report)
        for table in _tables(connection):
            on_table(table)
            found = list(_problems_of(connection, table, is_full=is_full))
            found += _count(connection, table, report, found)
            report.problems += found
            report.is_damaged |= bool(found)
        lost = list(_problems_of_payloads(connection, report))
        report.problems += lost
        report.is_damaged |= bool(lost)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise StoreError(
                f"cannot read {path}: {explain(error, path)}. What is stored in it was not checked"
            ) from error
        report.problems.append(explain(error, path))
        report.is_damaged = True
    finally:
        if connection is not None:
            connection.close()
    return report


def compact_directory(directory: str | os.PathLike[str]) -> tuple[int, int]:
    """Rewrite the database of a directory that no runtime uses, and return its size in bytes before and after.

    Raises:
        StoreError: a runtime uses it, there is no database, or it cannot be rewritten.
    """
    path = database_of(directory)
    with Directory(directory):
        before = path.stat().st_size
        try:
            connection = sqlite3.connect(path, isolation_level=None)
            try:
                compact(connection)
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise StoreError(f"cannot rewrite {path}: {explain(error, path)}") from error
        return before, path.stat().st_size


def database_of(directory: str | os.PathLike[str]) -> Path:
    """Return the path of the database in a data directory. Raises StoreError if there is none, or only half of one."""
    path = Path(directory) / DATABASE
    try:
        check_finished(path.parent)
        is_there = path.is_file()
    except OSError as error:
        raise StoreError(f"cannot look for {path}: {error.strerror}") from error
    if not is_there:
        raise StoreError(f"there is no {path}; name the directory that a runtime was started with")
    return path


def _uri(path: Path) -> str:
    # If no process has the database open, it is read as a file that does not change, which also works on a medium that
    # cannot be written. Otherwise what is in the write-ahead log belongs to the data.
    is_used = path.with_name(SHARED_MEMORY).exists()
    return f"{path.absolute().as_uri()}?mode=ro{'' if is_used else '&immutable=1'}"


def _problems_of_key(path: Path) -> Iterator[str]:
    if path.is_file() and path.stat().st_size != LINK_KEY_SIZE:
        yield (
            f"{path} has {path.stat().st_size} bytes and is not a key; restore it from a backup, or remove it to make "
            "a new one, which invalidates all links signed so far"
        )


def _problems_of_origin(connection: sqlite3.Connection, report: Report) -> Iterator[str]:
    names = _tables(connection)
    if is_of_another_program(report.schema_version or 0, names):
        yield f"this is a database of another program, with the tables {', '.join(names[:_SHOWN_TABLES])}"
    log = report.path.with_name(WRITE_AHEAD_LOG)
    if not log.with_name(SHARED_MEMORY).exists() and log.is_file() and log.stat().st_size:
        yield (
            f"{log} has what was written last, and cannot be read without {SHARED_MEMORY}; a runtime that opens the "
            "directory recovers it"
        )
    elif not names:
        yield f"there are no tables in it: it is empty, or was copied without {log.name}"


def _describe(connection: sqlite3.Connection, report: Report) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    report.schema_version = version
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    (free_count,) = connection.execute("PRAGMA freelist_count").fetchone()
    report.free_size = page_size * free_count
    if newer := describe_newer(version):
        report.problems.append(newer)


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows]


def _problems_of(connection: sqlite3.Connection, table: str, *, is_full: bool) -> Iterator[str]:
    pragma = "integrity_check" if is_full else "quick_check"
    try:
        found = connection.execute(f"PRAGMA {pragma}({_quote(table)})").fetchmany(_MOST_PROBLEMS)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        yield f"{table}: {error}"
        return
    for (text,) in found:
        if text != "ok":
            yield f"{table}: {text}"


def _problems_of_payloads(connection: sqlite3.Connection, report: Report) -> Iterator[str]:
    """Look for payloads that are named and not there, or that nobody would delete."""
    if not report.rows.keys() >= _WITH_PAYLOADS or (report.schema_version or 0) < _PAYLOADS_SINCE:
        return  # some table is unreadable, which is told already
    for where, what in _LOST_PAYLOADS.items():
        try:
            ((count, first),) = connection.execute(where)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            yield f"payload: {error}"
            return
        if count:
            yield f"payload: {what.format(count=count, first=first)}"


def _count(connection: sqlite3.Connection, table: str, report: Report, found: Sequence[str]) -> Iterator[str]:
    try:
        count = connection.execute(f"SELECT COUNT(*) FROM {_quote(table)}")  # noqa: S608 -- quoted
        (report.rows[table],) = count.fetchone()
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        if (text := f"{table}: {error}") not in found:
            yield text


def _quote(name: str) -> str:
    quoted = name.replace('"', '""')
    return f'"{quoted}"'
