"""The writing connection, and the group commit.

The first write of an event-loop turn opens a transaction. It is committed after the first turn without a write, and
after a few turns in any case. So requests that arrive together share one transaction and one fsync, and while the disk
works, further ones queue up for the next. Anything that must not happen before the data is durable is given to
`after_commit`.

When the disk refuses a write or a commit, the whole transaction is lost: callbacks are dropped, waiters get StoreError,
the owner is notified so that it forgets what it has in memory, and the database is what it was after the last commit.
An exception in a block of `atomic` takes back only what that block wrote.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from typing import TYPE_CHECKING, Any, Protocol

from awaken.runtime.errors import RuntimeClosedError, StoreError, TransactionLostError
from awaken.runtime.store.opening import explain, open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["CommitProbe", "Store"]

log = logging.getLogger("awaken.runtime")

#: Errors of a statement or its values, rather than of the disk.
_OWN_ERRORS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError, sqlite3.InterfaceError)

_NOTHING: Sequence[Any] = ()
#: Free pages that stay in the file for what is written next: 4 MiB, or a quarter of the file.
_SPARE_PAGES = 1024
_SPARE_PART = 4
#: Pages given back in one turn, which takes a few milliseconds.
_PAGES_PER_TURN = 250
#: How many turns a transaction stays open while each of them writes. A turn is short, an fsync takes long.
_MOST_TURNS = 4


class CommitProbe(Protocol):
    """Watches commits, and may make them fail, or abandon the store; for tests."""

    def before_commit(self) -> None:
        """Raise sqlite3.Error to make it fail."""
        ...

    def after_commit(self) -> None:
        """Note that the files hold a new state, before anything that waits for it runs."""
        ...


class Store:
    """The database, on one event loop.

    Args:
        path: the database file, created if it is missing.
        on_failure: called with the error when a transaction is lost, before any waiter gets it.
        probe: watches commits.

    Raises:
        StoreError: the file is not a database of awaken, or cannot be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_failure: Callable[[StoreError], None] | None = None,
        probe: CommitProbe | None = None,
    ) -> None:
        self.path = path
        self.on_failure = on_failure
        self._probe = probe
        self._is_writing = False
        self._is_closed = False
        self._callbacks: list[Callable[[], None]] = []
        self._waiters: list[asyncio.Future[None]] = []
        self._lost_count = 0
        self._write_count = 0
        self._seen_count = 0
        self._turns = 0
        self._commit_handle: asyncio.Handle | None = None
        self._connection = open_database(path)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for a commit."""
        return not self._is_writing and not self._callbacks and not self._waiters

    def fetch(self, statement: str, values: Sequence[Any] = _NOTHING) -> sqlite3.Cursor:
        """Execute a statement that reads; it sees what was written in this turn.

        Raises:
            StoreError: the file cannot be read.
            sqlite3.Error: the statement or its values are wrong.
        """
        try:
            return self._connection.execute(statement, values)
        except _OWN_ERRORS:
            raise
        except sqlite3.DatabaseError as error:
            raise StoreError(f"cannot read {self.path}: {explain(error, self.path)}") from error

    def write(self, statement: str, values: Sequence[Any] = _NOTHING) -> sqlite3.Cursor:
        """Execute a statement in this turn's transaction. Rows of RETURNING have to be fetched at once.

        Raises:
            StoreError: the transaction is lost, with everything that was written in it before.
            sqlite3.Error: the statement or its values are wrong, and it had no effect.
        """
        try:
            if not self._is_writing:
                self._begin()
            self._write_count += 1
            return self._connection.execute(statement, values)
        except _OWN_ERRORS:
            raise
        except sqlite3.Error as error:
            raise self._lose(error) from error

    def write_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute a statement for each row. Raises StoreError as `write` does."""
        try:
            if not self._is_writing:
                self._begin()
            self._write_count += 1
            self._connection.executemany(statement, rows)
        except _OWN_ERRORS:
            raise
        except sqlite3.Error as error:
            raise self._lose(error) from error

    def shrink(self) -> bool:
        """Give some free pages back to the disk, and return whether there is more to do; not while a turn writes.

        Raises:
            StoreError: the disk refuses it.
        """
        if self._is_writing or self._is_closed:
            return not self._is_closed
        (free,) = self.fetch("PRAGMA freelist_count").fetchone()
        (total,) = self.fetch("PRAGMA page_count").fetchone()
        surplus: int = free - max(_SPARE_PAGES, total // _SPARE_PART)
        if surplus <= 0:
            return False
        try:
            # As a script, since `execute` stops at the first page. It is a transaction of its own.
            self._connection.executescript(f"PRAGMA incremental_vacuum({min(surplus, _PAGES_PER_TURN)})")
        except sqlite3.Error as error:
            raise self._lose(error) from error
        return surplus > _PAGES_PER_TURN

    def atomic(self) -> Savepoint:
        """Return a context that keeps all writes and `after_commit` callbacks of its block, or none if it raises."""
        return Savepoint(self)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back when everything written so far is on disk; not at all if it is lost."""
        self._callbacks.append(callback)
        self._schedule()

    def committed(self) -> asyncio.Future[None]:
        """Return a future for everything written so far: done when it is on disk, StoreError if it is lost."""
        future = asyncio.get_running_loop().create_future()
        if self._is_writing:
            self._waiters.append(future)
        else:
            future.set_result(None)
        return future

    def commit(self) -> None:
        """Commit now, and run everything that waits for it."""
        if self._commit_handle is not None:
            self._commit_handle.cancel()
            self._commit_handle = None
        if self._is_writing:
            try:
                if self._probe is not None:
                    self._probe.before_commit()
                    if self._is_closed:
                        return  # the probe has abandoned the store
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._lose(error)
                return
            self._is_writing = False
            if self._probe is not None:
                self._probe.after_commit()
        callbacks, self._callbacks = self._callbacks, []
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        for callback in callbacks:
            try:
                callback()
            except Exception:
                log.exception("a callback after a commit failed: %r; the others still run", callback)

    def close(self) -> None:
        """Commit and close."""
        if not self._is_closed:
            self.commit()
            self._is_closed = True
            if self._commit_handle is not None:
                self._commit_handle.cancel()
            self._connection.close()

    def abandon(self) -> None:
        """Close without committing, as a crash does."""
        if not self._is_closed:
            self._is_closed = True
            if self._commit_handle is not None:
                self._commit_handle.cancel()
            self._callbacks.clear()
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(RuntimeClosedError(f"{self.path} was abandoned before its commit"))
            if self._is_writing:
                self._connection.execute("ROLLBACK")
            self._connection.close()

    def enter_savepoint(self) -> tuple[bool, int, int]:
        """Begin a block of `atomic`."""
        is_within = self._is_writing
        if is_within:
            self._connection.execute("SAVEPOINT atomic")
        return is_within, len(self._callbacks), self._lost_count

    def leave_savepoint(self, began: tuple[bool, int, int], *, is_kept: bool) -> None:
        """End a block of `atomic`."""
        is_within, callback_count, lost_count = began
        if lost_count != self._lost_count or not self._is_writing:
            return  # the transaction of the block is lost already
        if not is_kept:
            del self._callbacks[callback_count:]
            self._connection.execute("ROLLBACK TO atomic" if is_within else "ROLLBACK")
            self._is_writing = is_within
        if is_within:
            self._connection.execute("RELEASE atomic")

    def _begin(self) -> None:
        if self._is_closed:
            raise RuntimeClosedError(f"{self.path} is closed; start the runtime again")
        self._connection.execute("BEGIN IMMEDIATE")
        self._is_writing = True
        self._schedule()

    def _schedule(self) -> None:
        if self._commit_handle is None and not self._is_closed:
            self._turns = 0
            self._commit_handle = asyncio.get_running_loop().call_soon(self._commit_when_quiet)

    def _commit_when_quiet(self) -> None:
        """Commit after a turn without a write, so that requests that arrive together share one fsync."""
        if self._write_count != self._seen_count and self._turns < _MOST_TURNS:
            self._seen_count = self._write_count
            self._turns += 1
            self._commit_handle = asyncio.get_running_loop().call_soon(self._commit_when_quiet)
        else:
            self.commit()

    def _lose(self, error: sqlite3.Error) -> TransactionLostError:
        lost = TransactionLostError(
            f"cannot write {self.path}: {explain(error, self.path)}; nothing of this was kept"
        )
        log.error("%s", lost)
        self._is_writing = False
        self._lost_count += 1
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._callbacks.clear()
        waiters, self._waiters = self._waiters, []
        if self.on_failure is not None:
            self.on_failure(lost)
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(lost)
        return lost


class Savepoint:
    """A block of writes that is kept or taken back as a whole; see `Store.atomic`."""

    __slots__ = ("_began", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> None:
        self._began = self._store.enter_savepoint()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._store.leave_savepoint(self._began, is_kept=kind is None)
