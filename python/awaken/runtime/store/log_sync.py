"""Brings the write-ahead log to the disk on a thread, while the event loop goes on with the next transaction.

`ThreadedLogSync` does it where event loops cannot watch descriptors.
"""

from __future__ import annotations

import asyncio
import errno
import os
from typing import TYPE_CHECKING, Final

from awaken import _core

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["LogSync"]

#: Errors of disks that have no sync through their own caches, as network and virtual ones on macOS. SQLite does the
#: same there: it goes on with the sync that every disk has.
_UNSUPPORTED: Final = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL)


class LogSync:
    """Syncs of one file, one at a time, each of everything that was written before it began.

    The file is open here for as long as the database: SQLite neither removes nor replaces the log before its last
    connection is closed. SQLite has no locks on the log, so closing this descriptor releases none.

    Args:
        path: the write-ahead log, which exists.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _core.FileSync(path)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_end: Callable[[OSError | None], None] | None = None

    def begin(self, on_end: Callable[[OSError | None], None]) -> None:
        """Begin a sync. The one before must have ended.

        Args:
            on_end: called on the event loop with None, or with the error that the disk reports.
        """
        self._watch()
        self._on_end = on_end
        self._file.begin()

    def wait(self) -> OSError | None:
        """Wait for the sync that has begun, instead of the call. Returns the error of the disk."""
        self._on_end = None
        return self._result()

    def sync_now(self) -> OSError | None:
        """Sync, and wait for it. None must have begun. Returns the error of the disk."""
        self._file.begin()
        return self._result()

    def close(self) -> None:
        """Forget a sync that has begun, and close the file. Nothing may follow."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_reader(self._file.fileno())
        self._loop = self._on_end = None
        del self._file  # its thread and its descriptors end with it

    def _watch(self) -> None:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._file.fileno(), self._note_end)

    def _note_end(self) -> None:
        on_end = self._on_end
        if on_end is not None:  # otherwise `wait` has taken the result in this turn
            self._on_end = None
            on_end(self._result())

    def _result(self) -> OSError | None:
        number = self._file.take_result()
        if number in _UNSUPPORTED:
            return self._sync_plainly()
        return OSError(number, os.strerror(number)) if number else None

    def _sync_plainly(self) -> OSError | None:
        try:
            with self._path.open("r+b") as file:
                os.fsync(file)
        except OSError as error:
            return error
        return None
