"""The database: its transactions, and their group commit.

The first write of an event-loop turn opens a transaction. When something waits for it, it is committed after the first
turn without a write, and after a few turns in any case; otherwise it stays open for some milliseconds, and what follows
joins it. A commit is quick: it hands the pages to the system. A thread then brings them to the disk, and meanwhile the
next transaction is written. So requests that arrive together share one sync, and nothing waits for the disk but what
has to: anything that must not happen before the data is durable is given to `after_commit`.

When the disk refuses a write or a commit, the whole transaction is lost: callbacks are dropped, waiters get StoreError,
the owner is notified so that it forgets what it has in memory, and the database is what it was after the last commit.
When the disk refuses the sync of a commit, nobody knows whether it is kept. The same is done, what is in the file
counts, and before anything else is written, the log is written anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from awaken.runtime.errors import CommitUnknownError, RuntimeClosedError, StoreError, TransactionLostError
from awaken.runtime.store.checkpoints import Checkpoints
from awaken.runtime.store.commit_group import CommitGroup
from awaken.runtime.store.log_rewrite import LogRewriter
from awaken.runtime.store.log_size import LogSize
from awaken.runtime.store.opening import explain, open_database
from awaken.runtime.store.pace import Pace
from awaken.runtime.store.threaded_log_sync import open_log_sync
from awaken.runtime.store.transaction import FATAL_ERRORS, Transaction
from awaken.runtime.store.vacuum import give_back, surplus_pages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from awaken.runtime.measures import Measures
    from awaken.runtime.store.commit_probe import CommitProbe
    from awaken.runtime.store.log_sync import LogSync

__all__ = ["Store"]

log = logging.getLogger("awaken.runtime")


class Store(Transaction):
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
        super().__init__(path, open_database(path), Pace(self._commit_group, self._note_age))
        self.on_failure = on_failure
        self._probe = probe
        self._measures = measures
        #: Of `Pace.write_count`, at the last commit that was measured.
        self._measured_count = 0
        self._sync_began = 0.0
        #: What waits for the sync that runs.
        self._syncing: CommitGroup | None = None
        #: Whether something waits for the open transaction.
        self._is_wanted = False
        #: Whether something was committed that no sync was begun for.
        self._is_unsynced = False
        #: Whether the last sync failed, so that the log may have a hole.
        self._is_doubtful = False
        log_path, index_path = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
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
        except FATAL_ERRORS as error:
            raise self._lose(explain(error, self.path)) from error
        self._is_unsynced = True
        return is_more

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
        except FATAL_ERRORS as error:
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
        self._forget_all()
        if self._measures is not None:
            self._measures.note_lost()
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
