"""Opens the database file, and explains what SQLite says of files that cannot be used."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING, Final

from awaken.runtime.errors import StoreError
from awaken.runtime.store.migration import migrate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["compact", "explain", "is_damage", "is_of_another_program", "open_database"]

log = logging.getLogger("awaken.runtime")

#: Every statement of the runtime stays prepared.
_STATEMENTS: Final = 256
#: Bytes of the write-ahead log that stay allocated after a burst; the rest is given back at its next checkpoint.
_LOG_SIZE: Final = 32 * 1024 * 1024
#: Pages that one transaction may change before some are written to the log ahead of its end: 64 MiB. Pages written
#: early are read again for the checksums if they change once more. More than the cache's size is freed after a commit.
_SPILL_PAGES: Final = 16 * 1024
#: Bytes of a database made by an older version that is rewritten at once, so that it can shrink. It takes less than a
#: second; larger ones are rewritten when somebody asks for it.
_REWRITTEN_SIZE: Final = 64 * 1024 * 1024
#: Value of `PRAGMA auto_vacuum` that keeps what is needed to give pages back in small steps.
_INCREMENTAL: Final = 2


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database for writing, create it if it is missing, and upgrade it if it is old.

    Raises:
        StoreError: the file is damaged, not a database of awaken or of a newer one, or cannot be written.
    """
    connection = None
    try:
        connection = sqlite3.connect(path, isolation_level=None, cached_statements=_STATEMENTS)
        _check_owner(connection, path)
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only heeded before there are tables
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # the store syncs the log itself
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # and has it copied on a thread
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute(f"PRAGMA cache_spill = {_SPILL_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_SIZE}")
        migrate(connection)
        # SQLite builds a table of the six statuses in each statement that writes one, which costs more than the row.
        # Here they are literals, whose type is checked.
        connection.execute("PRAGMA ignore_check_constraints = ON")
        _make_shrinkable(connection, path)
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise StoreError(f"cannot open {path}: {explain(error, path)}") from error
    except StoreError:
        if connection is not None:
            connection.close()
        raise
    return connection


def explain(error: sqlite3.Error | MemoryError, path: Path) -> str:
    """Return what SQLite reported, with its name for it, and what can be done about it."""
    if isinstance(error, MemoryError):
        return "there is no memory left; give this process more of it"
    name = getattr(error, "sqlite_errorname", None) or ""
    text = f"{error} ({name})" if name else str(error)
    # Extended names start with the one they refine: SQLITE_CORRUPT_INDEX, SQLITE_IOERR_WRITE.
    for start, advice in _ADVICE.items():
        if name.startswith(start):
            return f"{text}; {advice.format(path=path, directory=path.parent)}"
    return text


_RESTORE: Final = (
    "`awaken check --data-dir {directory}` says what is wrong with it; restore it from a backup, or move the directory "
    "away to start without data"
)
_ADVICE: Final = {
    "SQLITE_CORRUPT": _RESTORE,
    "SQLITE_NOTADB": _RESTORE,
    "SQLITE_FULL": "free some space on the disk of {directory}",
    "SQLITE_IOERR": "look at the disk of {directory}: whether it is full, read-only, or failing",
    "SQLITE_READONLY": "make {directory} and its files writable for this user",
    "SQLITE_CANTOPEN": "make {directory} and its files readable and writable for this user",
    "SQLITE_BUSY": "another program has locked {path}; end it",
}


def is_damage(error: sqlite3.Error) -> bool:
    """Return whether SQLite has read a database and found it wrong; otherwise it could not read it, or was refused."""
    name = getattr(error, "sqlite_errorname", None) or ""
    # Without a name or a better one: what is stored asks for something that is not there.
    return name in ("", "SQLITE_ERROR") or name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def is_of_another_program(version: int, tables: Sequence[str]) -> bool:
    """Return whether some other program made a database, by its version and its tables; an empty one is nobody's."""
    return bool(tables) and (version == 0 or "invocation" not in tables)


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database of some other program: it has tables, and none of our versions."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    if is_of_another_program(version, names):
        raise StoreError(
            f"{path} is a database of another program, with the tables {', '.join(sorted(names)[:5])}; choose another "
            "directory"
        )


def _make_shrinkable(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("PRAGMA auto_vacuum").fetchone()
    if mode == _INCREMENTAL:
        return
    if path.stat().st_size > _REWRITTEN_SIZE:
        log.warning(
            "%s was made by an older version and does not get smaller; `awaken check --compact` rewrites it while "
            "nothing runs",
            path,
        )
        return
    compact(connection)


def compact(connection: sqlite3.Connection) -> None:
    """Rewrite the database without free pages, so that it can give pages back from now on. Raises sqlite3.Error."""
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("VACUUM")
