"""Brings the write-ahead log to the disk on a thread of Python: for Windows, whose event loops watch no descriptors."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from awaken.runtime.store.log_sync import LogSync

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

__all__ = ["ThreadedLogSync", "open_log_sync"]


def open_log_sync(path: Path) -> LogSync:
    """Open what syncs a write-ahead log, as this system can. Raises OSError if the log cannot be opened."""
    return LogSync(path) if sys.platform != "win32" else ThreadedLogSync(path)


class ThreadedLogSync(LogSync):
    """Like `LogSync`, and slower while the event loop is busy: the thread waits for the interpreter.

    Args:
        path: the write-ahead log, which exists.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._log = path.open("r+b", buffering=0)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="awaken-sync")
        self._running: Future[OSError | None] | None = None

    def begin(self, on_end: Callable[[OSError | None], None]) -> None:
        """Begin a sync. The one before must have ended.

        Args:
            on_end: called on the event loop with None, or with the error that the disk reports.
        """
        loop = asyncio.get_running_loop()

        def tell(ended: Future[OSError | None]) -> None:
            if self._running is ended:  # otherwise `wait` has taken the result, or nobody wants it
                self._running = None
                on_end(ended.result())

        def note_end(ended: Future[OSError | None]) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(tell, ended)

        self._running = self._thread.submit(self._sync)
        self._running.add_done_callback(note_end)

    def wait(self) -> OSError | None:
        """Wait for the sync that has begun, instead of the call. Returns the error of the disk."""
        running, self._running = self._running, None
        return None if running is None else running.result()

    def sync_now(self) -> OSError | None:
        """Sync, and wait for it. None must have begun. Returns the error of the disk."""
        return self._sync()

    def close(self) -> None:
        """Forget a sync that has begun, and close the file once it has ended. Nothing may follow."""
        self._running = None
        self._thread.shutdown()
        self._log.close()

    def _sync(self) -> OSError | None:
        try:
            os.fsync(self._log)
        except OSError as error:
            return error
        return None
