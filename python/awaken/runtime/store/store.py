"""The writing connection, and the group commit.

The first write of an event-loop turn opens a transaction. When something waits for it, it is committed after the first
turn without a write, and after a few turns in any case; otherwise it stays open for some milliseconds, and what follows
joins it. A commit is quick: it hands the pages to the system. A thread then brings them to the disk, and meanwhile the
next transaction is written. So requests that arrive together share one sync, and nothing waits for the disk but what
has to: anything that must not happen before the data is durable is given to `after_commit`.

When the disk refuses a write or a commit, the whole transaction is lost: callbacks are dropped, waiters get StoreError,
the owner is notified so that it forgets what it has in memory, and the database is what it was after the last commit.
When the disk refuses the sync of a commit, nobody knows whether it is kept. The same is done, what is in the file
counts, and before anything else is written, the log is written anew. An exception in a block of `atomic` takes back
only what that block wrote.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from awaken.runtime.errors import CommitUnknownError, RuntimeClosedError, StoreError, TransactionLostError
from awaken.runtime.store.checkpoints import Checkpoints
from awaken.runtime.store.commit_group import CommitGroup
from awaken.runtime.store.late_rows import LateRows
from awaken.runtime.store.log_rewrite import LogRewriter
from awaken.runtime.store.log_size import LogSize
from awaken.runtime.store.opening import explain, open_database
from awaken.runtime.store.pace import Pace
from awaken.runtime.store.savepoint import Savepoint
from awaken.runtime.store.threaded_log_sync import open_log_sync
from awaken.runtime.store.vacuum import give_back, surplus_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from awaken.runtime.measures import Measures
    from awaken.runtime.store.commit_probe import CommitProbe
    from awaken.runtime.store.late_rows import LateTable
    from awaken.runtime.store.log_sync import LogSync

__all__ = ["Store"]

log = logging.getLogger("awaken.runtime")

#: Errors of a statement or its values, rather than of the disk.
_OWN_ERRORS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError, sqlite3.InterfaceError)

#: All others. SQLite may have taken the whole transaction back, as it does when it gets no memory.
_FATAL_ERRORS = (sqlite3.Error, MemoryError)

_TAKEN_BACK = "SQLite has taken the transaction back"

_NOTHING: Sequence[Any] = ()


class Store:
    """The database, on one event loop.

    Args:
        path: the database file, created if it is missing.
        on_failure: called with the error when a transaction is lost, or may be, before any waiter gets it.
        probe: watches commits.
        open_log: opens what syncs the write-ahead log.
        measures: receives how long commits take, and how large they are.

    Raises:
        StoreError: the file is not a database of awaken, or cannot be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        on_failure: Callable[[StoreError], None] | None = None,
        probe: CommitProbe | None = None,
        open_log: Callable[[Path], LogSync] = open_log_sync,
        measures: Measures | None = None,
    ) -> None:
        self.path = path
        self.on_failure = on_failure
        self._probe = probe
        self._measures = measures
        #: Of `Pace.write_count`, at the last commit that was measured.
        self._measured_count = 0
        self._sync_began = 0.0
        #: Bytes that `write_blob` has written so far.
        self._blob_size = 0
        self._is_writing = False
        self._is_closed = False
        #: What waits for the open transaction, or for the next turn.
        self._group = CommitGroup()
        #: What waits for the sync that runs.
        self._syncing: CommitGroup | None = None
        #: Whether something waits for the open transaction.
        self._is_wanted = False
        #: Whether something was committed that no sync was begun for.
        self._is_unsynced = False
        #: Whether the last sync failed, so that the log may have a hole.
        self._is_doubtful = False
        #: How often something was taken back that had been written.
        self.rollback_count = 0
        self._on_taken_back: list[Callable[[], None]] = []
        self._lost_count = 0
        #: Blocks of `atomic` that have not written yet, outermost first.
        self._unopened: list[Savepoint] = []
        #: Rows of the open transaction that SQLite has not got yet.
        self._late = LateRows()
        #: Whether one of them was wrong, which is a bug of ours.
        self._is_late_refused = False
        self._pace = Pace(self._commit_group, self._note_age)
        log_path, index_path = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
        self._connection = open_database(path)
        try:
            self._log = open_log(log_path)
            self._rewriter = LogRewriter(log_path, index_path)
            on_copied = None if measures is None else measures.note_checkpoint
            self._checkpoints = Checkpoints(path, log_path, on_copied)
            self._log_size = None if measures is None else LogSize(index_path)
            if self._log_size is not None:
                self._log_size.growth()  # from here on
            # What a process has left that was killed is told from now on.
            self._sync_now()
        except BaseException as error:
            self._connection.close()
            if isinstance(error, OSError):
                raise StoreError(f"cannot open {path}: {error}") from error
            raise

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for a commit, and everything is committed."""
        return not self._is_writing and not self._group and self._syncing is None

    @property
    def waiting_count(self) -> int:
        """How many futures and callbacks wait for a commit or a sync."""
        groups = (self._group, self._syncing)
        return sum(len(group.callbacks) + len(group.waiters) for group in groups if group is not None)

    @property
    def is_synced(self) -> bool:
        """Whether everything written so far is on disk."""
        return not (self._is_writing or self._is_unsynced or self._is_doubtful or self._syncing is not None)

    def fetch(self, statement: str, values: Sequence[Any] = _NOTHING) -> sqlite3.Cursor:
        """Execute a statement that reads; it sees what was written in this turn.

        Raises:
            StoreError: the file cannot be read.
            sqlite3.Error: the statement or its values are wrong.
        """
        if self._late:
            self._write_late()
        try:
            return self._connection.execute(statement, values)
        except _OWN_ERRORS:
            raise
        except (sqlite3.DatabaseError, MemoryError) as error:
            why = explain(error, self.path)
            if self._is_taken_back():
                raise self._lose(why) from error
            raise StoreError(f"cannot read {self.path}: {why}") from error

    def read_blob(self, table: str, column: str, row: int, offset: int) -> bytes:
        """Return the value of a column of bytes from an offset on.

        Raises:
            StoreError: there is no such row, or it is shorter, or the file cannot be read.
        """
        try:
            with self._connection.blobopen(table, column, row, readonly=True) as blob:
                blob.seek(offset)
                return blob.read()
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"cannot read {table} {row} of {self.path}: {explain(error, self.path)}"
            ) from error
        except ValueError as error:
            raise StoreError(f"{table} {row} of {self.path} is shorter than {offset} bytes") from error

    def write(self, statement: str, values: Sequence[Any] = _NOTHING) -> sqlite3.Cursor:
        """Execute a statement in this turn's transaction. Rows of RETURNING have to be fetched at once.

        Raises:
            StoreError: the transaction is lost, with everything that was written in it before.
            sqlite3.Error: the statement or its values are wrong, and it had no effect.
        """
        try:
            if not self._is_writing or self._unopened or self._late:
                self._prepare()
            self._pace.write_count += 1
            return self._connection.execute(statement, values)
        except _OWN_ERRORS:
            raise
        except _FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error

    def write_blob(self, table: str, column: str, row: int, value: bytes) -> None:
        """Fill a column of bytes that was written in this turn as zeros; SQLite copies such a value once, not thrice.

        Raises:
            StoreError: the transaction is lost, with everything that was written in it before.
        """
        try:
            with self._connection.blobopen(table, column, row) as blob:
                blob.write(value)
                self._blob_size += len(value)
        except _FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error

    def write_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute a statement for each row. Raises StoreError as `write` does."""
        try:
            if not self._is_writing or self._unopened or self._late:
                self._prepare()
            self._pace.write_count += len(rows)
            self._connection.executemany(statement, rows)
        except _OWN_ERRORS:
            raise
        except _FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error

    def write_late(self, table: LateTable, row: Any) -> None:
        """Write a row in this turn's transaction, with others of its kind: before anything else is read or written.

        The row must be one that the table takes: if it is refused, the transaction is lost with it. After that, rows
        are written at once, so that only who writes a wrong one fails.

        Args:
            table: knows how its rows are written.
            row: given to it.

        Raises:
            StoreError: the transaction is lost, with everything that was written in it before.
        """
        if self._is_late_refused:
            for statement, rows in table.statements([row]):
                self.write_many(statement, rows)
            return
        if not self._is_writing:
            try:
                self._begin()
            except _FATAL_ERRORS as error:
                raise self._lose(explain(error, self.path)) from error
        self._pace.write_count += 1
        self._late.add(table, row)

    def shrink(self) -> bool:
        """Give some free pages back to the disk, and return whether there is more to do; not while a turn writes.

        Raises:
            StoreError: the disk refuses it.
        """
        if self._is_writing or self._is_closed:
            return not self._is_closed
        try:
            surplus = surplus_pages(self._connection)
            if not surplus:
                return False
            self._ensure_sound()
            is_more = give_back(self._connection, surplus)
        except _FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error
        self._is_unsynced = True
        return is_more

    def atomic(self) -> Savepoint:
        """Return a context that keeps all writes and `after_commit` callbacks of its block, or none if it raises."""
        return Savepoint(self)

    def after_commit(self, callback: Callable[[], None], *, is_urgent: bool = True) -> None:
        """Call back when everything written so far is on disk; not at all if it is lost.

        Args:
            callback: what to call. It may write.
            is_urgent: whether to commit for it soon, rather than with what else there will be to commit.
        """
        if self._syncing is not None and not self._is_writing and not self._unopened:
            self._syncing.callbacks.append(callback)
            return
        self._group.callbacks.append(callback)
        if is_urgent or not self._is_writing:
            self._hasten()

    def when_taken_back(self, callback: Callable[[], None]) -> None:
        """Call back whenever something was taken back that had been written, at once: what is known may be wrong."""
        self._on_taken_back.append(callback)

    def committed(self) -> asyncio.Future[None]:
        """Return a future for everything written so far: done when it is on disk, StoreError if it may be lost."""
        future = asyncio.get_running_loop().create_future()
        if self._is_writing:
            self._group.waiters.append(future)
            self._hasten()
        elif self._syncing is not None:
            self._syncing.waiters.append(future)
        else:
            try:
                self._ensure_sound()
            except StoreError as error:
                future.set_exception(error)
            else:
                future.set_result(None)
        return future

    def commit(self) -> None:
        """Commit now, wait for the disk, and run everything that waits for it."""
        self._pace.cancel()
        if self._syncing is not None:
            self._end_sync(self._log.wait())
        if self._is_writing and not self._commit():
            return
        group = self._take_group()
        if self._is_unsynced:
            self._is_unsynced = False
            if (error := self._log.sync_now()) is not None:
                self._doubt(error, group)
                return
        self._complete(group)

    def close(self) -> None:
        """Commit and close."""
        if not self._is_closed:
            self.commit()
            self._close()

    def abandon(self) -> None:
        """Close without committing, as a crash does."""
        if not self._is_closed:
            error = RuntimeClosedError(f"{self.path} was abandoned before its commit")
            for group in (self._syncing, self._take_group()):
                if group is not None:
                    group.fail(error)
            self._syncing = None
            self._late.cut(0)
            if self._is_writing:
                self._connection.execute("ROLLBACK")
            self._close()

    def enter_savepoint(self, block: Savepoint) -> None:
        """Begin a block of `atomic`."""
        block.callback_count = len(self._group.callbacks)
        block.late_end = self._late.end
        block.lost_count = self._lost_count
        self._unopened.append(block)

    def leave_savepoint(self, block: Savepoint, *, is_kept: bool) -> None:
        """End a block of `atomic`."""
        if block.is_within is None:
            self._unopened.pop()
        if block.lost_count != self._lost_count:
            return  # the transaction of the block is lost already
        if self._is_taken_back():
            lost = self._lose(_TAKEN_BACK)
            if is_kept:
                raise lost
            return
        if not is_kept:
            self._note_taken_back()
            del self._group.callbacks[block.callback_count :]
            self._late.cut(block.late_end)
            if block.is_within is not None:
                self._connection.execute("ROLLBACK TO atomic" if block.is_within else "ROLLBACK")
                self._is_writing = block.is_within
        if block.is_within:
            self._connection.execute("RELEASE atomic")

    def _is_taken_back(self) -> bool:
        """Whether SQLite has ended the open transaction by itself, because of an error."""
        return self._is_writing and not self._is_closed and not self._connection.in_transaction

    def _prepare(self) -> None:
        """Begin a transaction if none is open, and the blocks that have not written yet; write what is late."""
        if self._is_taken_back():
            raise self._lose(_TAKEN_BACK)
        is_within = self._is_writing
        if not is_within:
            self._begin()
        while self._unopened:
            block = self._unopened[0]
            self._pass_on(block.late_end)
            if is_within:
                self._connection.execute("SAVEPOINT atomic")
            block.is_within = is_within
            del self._unopened[0]  # one at a time: the next one may not come that far
            is_within = True
        self._pass_on(self._late.end)

    def _pass_on(self, position: int) -> None:
        """Write the late rows before a position. They are of others than who asks for it: all is lost, or nothing."""
        if not self._late:
            return
        try:
            for statement, rows in self._late.take(position):
                self._connection.executemany(statement, rows)
        except (*_OWN_ERRORS, ValueError, OverflowError) as error:
            self._is_late_refused = True
            raise self._lose(str(error)) from error
        except _FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error
        except Exception as error:
            raise self._lose(repr(error)) from error

    def _write_late(self) -> None:
        try:
            self._prepare()
        except _FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error

    def _begin(self) -> None:
        if self._is_closed:
            raise RuntimeClosedError(f"{self.path} is closed; start the runtime again")
        self._ensure_sound()
        self._connection.execute("BEGIN IMMEDIATE")
        self._is_writing = True
        self._pace.note_begin()

    def _note_age(self) -> None:
        if self._is_writing:
            self._hasten()

    def _hasten(self) -> None:
        """Commit soon: at the end of the sync that runs, or after the first turn without a write."""
        self._is_wanted = True
        if self._syncing is None and not self._is_closed:
            self._pace.hasten()

    def _commit_group(self) -> None:
        """Commit, and begin to bring it to the disk; what waits for it goes on when that has ended."""
        if self._is_writing and not self._commit():
            return
        group = self._take_group()
        if self._is_unsynced:
            # Here, since no transaction is open: at the end of the sync there may always be one.
            self._checkpoints.note_commit(self._connection, self._pace.write_count, self._blob_size)
            self._is_unsynced = False
            self._syncing = group
            if self._measures is not None:
                self._sync_began = time.perf_counter()
            self._log.begin(self._end_sync)
            return
        self._complete(group)

    def _commit(self) -> bool:
        """Commit the open transaction, and return whether anything may follow."""
        began = 0.0 if self._measures is None else time.perf_counter()
        try:
            if self._late:
                self._prepare()
            if self._probe is not None:
                self._probe.before_commit()
                if self._is_closed:
                    return False  # the probe has abandoned the store
            self._connection.execute("COMMIT")
        except TransactionLostError:
            return False
        except _FATAL_ERRORS as error:
            self._lose(explain(error, self.path))
            return False
        self._is_writing = False
        self._is_unsynced = True
        if self._measures is not None:
            self._measure(self._measures, time.perf_counter() - began)
        if self._probe is not None:
            self._probe.after_commit()
        return not self._is_closed

    def _measure(self, measures: Measures, seconds: float) -> None:
        count = self._pace.write_count
        size = 0 if self._log_size is None else self._log_size.growth()
        measures.note_commit(seconds, count - self._measured_count, size)
        self._measured_count = count

    def _complete(self, group: CommitGroup) -> None:
        """Notify what waits for nothing but what is on disk already, if it is."""
        try:
            self._ensure_sound()
        except StoreError as error:
            group.fail(error)
        else:
            group.complete()

    def _take_group(self) -> CommitGroup:
        group, self._group = self._group, CommitGroup()
        self._is_wanted = False
        return group

    def _end_sync(self, error: OSError | None) -> None:
        group, self._syncing = self._syncing, None
        if group is None:
            return
        if error is not None:
            self._doubt(error, group)
            return
        if self._measures is not None:
            self._measures.note_sync(time.perf_counter() - self._sync_began)
        group.complete()
        if self._is_wanted:
            self._hasten()

    def _sync_now(self) -> None:
        if (error := self._log.sync_now()) is not None:
            raise error

    def _ensure_sound(self) -> None:
        """Write the log again if its last sync failed. Raises TransactionLostError if the disk refuses that as well."""
        if not self._is_doubtful:
            return
        try:
            self._rewriter.rewrite()
            self._sync_now()
        except OSError as error:
            raise self._lose(str(error)) from error
        self._is_doubtful = False

    def _note_taken_back(self) -> None:
        self.rollback_count += 1
        for callback in self._on_taken_back:
            callback()

    def _lose(self, why: str) -> TransactionLostError:
        """Drop the open transaction, which the disk has refused."""
        lost = TransactionLostError(f"cannot write {self.path}: {why}; nothing of this was kept")
        if self._syncing is not None:
            self._syncing.callbacks.clear()  # the owner forgets what they are for; waiters get what the sync comes to
        self._drop(lost, self._take_group())
        return lost

    def _doubt(self, error: OSError, group: CommitGroup) -> None:
        """Drop everything since the last sync that succeeded, as far as anybody was told."""
        self._is_doubtful = True
        unknown = CommitUnknownError(
            f"cannot bring {self.path} to the disk: {error}; whether this was kept is known when the disk works again"
        )
        self._drop(unknown, group, self._take_group())

    def _drop(self, error: StoreError, *groups: CommitGroup) -> None:
        log.error("%s", error)
        self._is_writing = False
        self._late.cut(0)
        self._lost_count += 1
        self._note_taken_back()
        if self._measures is not None:
            self._measures.note_lost()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        for group in groups:
            group.callbacks.clear()
        if self.on_failure is not None:
            self.on_failure(error)
        for group in groups:
            group.fail(error)

    def _close(self) -> None:
        self._is_closed = True
        self._pace.stop()
        self._checkpoints.close()
        self._log.close()  # Windows removes no file that is open, and SQLite removes this one
        self._connection.close()
        self._checkpoints.release()
        self._rewriter.release()
        if self._log_size is not None:
            self._log_size.release()
