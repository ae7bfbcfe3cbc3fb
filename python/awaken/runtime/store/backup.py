"""Copies a data directory while a runtime uses it.

The database is read from one snapshot, which is a single read transaction: what the runtime commits meanwhile is not in
it, and does not make the copy start again. The runtime goes on; only its write-ahead log is not shortened until the
copy is complete.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from awaken.runtime.errors import StoreError
from awaken.runtime.store.check import database_of
from awaken.runtime.store.directory import DATABASE, LINK_KEY, UNFINISHED_COPY
from awaken.runtime.store.migration import describe_newer
from awaken.runtime.store.opening import explain, is_of_another_program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Backup", "back_up"]

#: Name of the copy until it is complete: no runtime starts from half a database.
_PARTIAL: Final = UNFINISHED_COPY
#: Pages that are copied between two reports: 4 MiB, some milliseconds.
_PAGES_PER_REPORT: Final = 1024
_FILE_MODE: Final = 0o600
_DIRECTORY_MODE: Final = 0o700


@dataclass(frozen=True, slots=True)
class Backup:
    """What was copied.

    Args:
        path: the directory that was made.
        size: bytes of the database in it.
        schema_version: of the data; an awaken of this version or a newer one reads it.
        open_invocations: how many have not ended in this copy.
        has_key: whether the key that signs links is there; it is made with the first link.
    """

    path: Path
    size: int
    schema_version: int
    open_invocations: int
    has_key: bool


def back_up(
    directory: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    on_progress: Callable[[int, int], None] = lambda _copied, _total: None,
) -> Backup:
    """Copy the database and the key of links into a new directory, and bring them to the disk.

    Args:
        directory: the data directory; a runtime may use it.
        target: the directory to make; it may be there if it is empty.
        on_progress: called with the pages copied so far, and how many there are.

    Raises:
        StoreError: there is no database, it is damaged, or of another program; or the target is not empty or cannot be
            written. Nothing is left in the target then.
    """
    source, copy = database_of(directory), Path(target)
    with _target(copy, source.parent):
        return _back_up(source, copy, on_progress)


@contextmanager
def _target(target: Path, source: Path) -> Iterator[None]:
    """Make the target, and remove what is in it, and what was made of its path, if the block fails."""
    missing = [one for one in (target, *target.parents) if not one.exists()]
    try:
        _make_target(target, source)
    except BaseException:
        _remove_empty(missing)
        raise
    try:
        yield
    except BaseException:
        for name in (_PARTIAL, LINK_KEY, DATABASE):
            (target / name).unlink(missing_ok=True)
        _remove_empty(missing)
        raise


def _remove_empty(directories: Sequence[Path]) -> None:
    for directory in directories:
        with suppress(OSError):  # something else was put there, or it was not made
            directory.rmdir()


def _back_up(source: Path, copy: Path, on_progress: Callable[[int, int], None]) -> Backup:
    partial = copy / _PARTIAL
    try:
        facts = _copy_database(source, partial, on_progress)
        has_key = _copy_key(source.with_name(LINK_KEY), copy / LINK_KEY)
        _sync(partial)
        partial.rename(copy / DATABASE)
        _sync(copy)
    except OSError as error:
        raise StoreError(
            f"cannot write {error.filename or copy}: {error.strerror}; free some space, or choose another target"
        ) from error
    return Backup(copy, (copy / DATABASE).stat().st_size, *facts, has_key)


def _make_target(target: Path, source: Path) -> None:
    if target.resolve().is_relative_to(source.resolve()):
        raise StoreError(f"{target} is within {source}, which it is a copy of; name a directory elsewhere")
    try:
        target.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        entries = sorted(entry.name for entry in target.iterdir())
    except OSError as error:
        raise StoreError(f"cannot make {target}: {error.strerror}; choose another target") from error
    _refuse_entries(target, entries)
    # Whoever makes this file has the directory: two may have seen it empty.
    partial = target / _PARTIAL
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE))
    except FileExistsError as error:
        raise StoreError(f"another backup is writing to {target}; name a new directory") from error
    except OSError as error:
        raise StoreError(f"cannot write to {target}: {error.strerror}; choose another target") from error
    try:
        _refuse_entries(target, sorted({entry.name for entry in target.iterdir()} - {_PARTIAL}))
    except BaseException:
        partial.unlink()
        raise


def _refuse_entries(target: Path, entries: Sequence[str]) -> None:
    if entries:
        raise StoreError(f"{target} is not empty, it has {', '.join(entries[:3])}; name a new directory")


def _copy_database(source: Path, target: Path, on_progress: Callable[[int, int], None]) -> tuple[int, int]:
    """Copy one snapshot, and return the version of its schema and how many invocations are open in it."""
    try:
        with closing(_open(source)) as origin, closing(sqlite3.connect(target, isolation_level=None)) as copy:
            # Within a transaction, the snapshot stays the same from one part of the copy to the next.
            origin.execute("BEGIN")
            (version,) = origin.execute("PRAGMA user_version").fetchone()
            names = [
                name for (name,) in origin.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            ]
            _check_version(source, version, names)
            (count,) = origin.execute(
                "SELECT COUNT(*) FROM invocation WHERE status <> 'completed'"
            ).fetchone()
            copy.execute("PRAGMA journal_mode = OFF")  # a copy that fails is removed
            copy.execute("PRAGMA synchronous = OFF")  # it is synced as a whole
            origin.backup(
                copy,
                pages=_PAGES_PER_REPORT,
                progress=lambda _status, remaining, total: on_progress(total - remaining, total),
            )
            return version, count
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        at = target if name.startswith(("SQLITE_FULL", "SQLITE_IOERR_WRITE")) else source
        raise StoreError(f"cannot copy {source} to {target.parent}: {explain(error, at)}") from error


def _open(source: Path) -> sqlite3.Connection:
    # Not read-only: after a crash, what was written last is in the log, and reading it takes files that SQLite makes.
    return sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)


def _check_version(source: Path, version: int, names: list[str]) -> None:
    if is_of_another_program(version, names) or not names:
        raise StoreError(
            f"{source} is not a database of awaken; name the directory that a runtime was started with"
        )
    if newer := describe_newer(version):
        raise StoreError(f"cannot copy {source}: {newer}")


def _copy_key(source: Path, target: Path) -> bool:
    if not source.exists():
        return False
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE))
    shutil.copyfile(source, target)
    _sync(target)
    return True


def _sync(path: Path) -> None:
    """Bring a file, or the names in a directory, to the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    except PermissionError:
        if path.is_dir():  # Windows opens no directories, and keeps names without being asked
            return
        raise
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
