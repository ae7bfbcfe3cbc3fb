"""Copies the write-ahead log into the database on a thread, with a connection of its own.

SQLite would do that within a commit, and the event loop would wait for the disk. It is a passive checkpoint: it holds
nobody up, and SQLite keeps the order that makes it safe: the log is synced before pages are copied, and the database
before the log begins anew.

The log begins anew with the first transaction after a checkpoint that reached its end. While transactions follow each
other closely, no checkpoint on a thread ever does: a commit always comes in between. So if the log gets too long, the
loop copies the last pages itself between two transactions, after the thread has copied and synced all others. If more
is written than the thread can copy, the loop waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

__all__ = ["Checkpoints"]

log = logging.getLogger("awaken.runtime")

#: Statements that write, and bytes that the file has grown, after which the log is copied. A statement changes one page
#: of 4 KiB, or a few.
_STATEMENTS: Final = 2_000
_SIZE: Final = 8 * 1024 * 1024
#: Bytes in the log, with which the loop copies what the thread has left.
_LONG_SIZE: Final = 24 * 1024 * 1024
#: How often the thread copies what was written while it copied, if that is as much again.
_MOST_PASSES: Final = 3
#: Bytes in the file, with which it waits for the thread.
_LARGEST_SIZE: Final = 64 * 1024 * 1024


class Checkpoints:
    """Decides when the log is copied.

    Args:
        path: the database file.
        log_path: its write-ahead log.
        on_copied: called on the loop with the seconds that each copying took.
    """

    def __init__(self, path: Path, log_path: Path, on_copied: Callable[[float], None] | None = None) -> None:
        self._path = path
        self._log_path = log_path
        self._on_copied = on_copied
        #: Seconds that the last copying on the thread took.
        self._took = 0.0
        #: Once open, until the connections are closed: closing any descriptor of the file releases SQLite's locks.
        self._database: int | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None
        self._running: Future[bool] | None = None
        self._is_too_long = False
        self._statement_count = 0
        self._blob_size = 0
        self._log_size = 0

    def note_commit(self, writer: sqlite3.Connection, statement_count: int, blob_size: int = 0) -> None:
        """Copy the log if it is time; call this on the loop when no transaction is open.

        Args:
            writer: the writing connection.
            statement_count: how many statements it has executed so far.
            blob_size: how many bytes of large values it has written so far: they may fit into the file as it is.
        """
        size = self._size()
        self._log_size = min(self._log_size, size)  # it gets smaller when it begins anew
        is_due = (
            statement_count - self._statement_count >= _STATEMENTS
            or size - self._log_size >= _SIZE
            or blob_size - self._blob_size >= _SIZE
        )
        is_largest = is_due and size >= _LARGEST_SIZE
        if self._running is not None and is_largest:
            wait((self._running,))
            self._note_end()
        if self._running is not None or not (is_due or self._is_too_long):
            return
        if self._is_too_long or is_largest:
            self._is_too_long = False
            self._copy_rest(writer)
        else:
            self._begin()
        self._statement_count = statement_count
        self._blob_size = blob_size
        self._log_size = self._size()

    def close(self) -> None:
        """End a checkpoint that runs. Call `release` when all connections are closed."""
        if self._thread is not None:
            if self._connection is not None:
                self._connection.interrupt()
            self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    def release(self) -> None:
        """Close the descriptor of the database, if there is one."""
        if self._database is not None:
            os.close(self._database)
            self._database = None

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="awaken-checkpoint")
        self._running = self._thread.submit(self._run)
        loop = asyncio.get_running_loop()
        self._running.add_done_callback(lambda _: _call_in(loop, self._note_end))

    def _copy_rest(self, writer: sqlite3.Connection) -> None:
        began = time.perf_counter()
        try:
            _copy(writer)
        except sqlite3.Error as error:
            self._warn(error)
        else:
            self._tell(time.perf_counter() - began)

    def _tell(self, seconds: float) -> None:
        if self._on_copied is not None:
            self._on_copied(seconds)

    def _warn(self, error: BaseException) -> None:
        log.warning(
            "%s cannot be copied into the database: %s; it is tried again later", self._log_path, error
        )

    def _size(self) -> int:
        try:
            return self._log_path.stat().st_size
        except OSError:  # somebody removed the file; it goes on without a name
            return 0

    def _note_end(self) -> None:
        running, self._running = self._running, None
        if running is None:
            return
        if not running.done():  # this one began after the one that has ended
            self._running = running
        elif (error := running.exception()) is not None:
            self._warn(error)
        else:
            self._is_too_long = running.result()
            self._tell(self._took)

    def _run(self) -> bool:
        """Copy on the thread, and return whether the log is too long and could not be copied to its end."""
        if self._connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA synchronous = NORMAL")
            self._connection = connection
        began = time.perf_counter()
        size, rest = _copy(self._connection)
        passes = 1
        while rest >= _SIZE and passes < _MOST_PASSES:  # that much was written meanwhile
            size, rest = _copy(self._connection)
            passes += 1
        self._took = time.perf_counter() - began
        if rest == 0 or size < _LONG_SIZE:
            return False
        if self._database is None:
            self._database = os.open(self._path, os.O_RDWR)  # Windows syncs only what can be written
        os.fsync(self._database)
        return True


def _copy(connection: sqlite3.Connection) -> tuple[int, int]:
    """Copy what can be copied. Returns the bytes of the pages in the log, and of those that are not copied."""
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    _, count, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return count * page_size, (count - copied) * page_size


def _call_in(loop: asyncio.AbstractEventLoop, callback: object) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(callback)  # type: ignore[arg-type]
