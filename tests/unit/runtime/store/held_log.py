"""A disk that takes its time, or refuses, as a test wants."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from awaken.runtime.store.log_sync import LogSync

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class HeldLog(LogSync):
    """Ends each sync in the next turn, unless it is held until `end`; with an error if there is to be one."""

    def __init__(self, path: Path) -> None:
        self.is_held = False
        self.error: OSError | None = None
        self.begun = 0
        #: What was in the file when each sync began.
        self.contents: list[bytes] = []
        self._path = path
        self._on_end: Callable[[OSError | None], None] | None = None

    def begin(self, on_end: Callable[[OSError | None], None]) -> None:
        assert self._on_end is None, "one at a time"
        self._note()
        self._on_end = on_end
        if not self.is_held:
            asyncio.get_running_loop().call_soon(self.end)

    def end(self) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(self.error)

    def wait(self) -> OSError | None:
        self._on_end = None
        return self.error

    def sync_now(self) -> OSError | None:
        self._note()
        return self.error

    def close(self) -> None:
        self._on_end = None

    def _note(self) -> None:
        self.begun += 1
        self.contents.append(self._path.read_bytes())

    @classmethod
    def refusing(cls, path: Path) -> HeldLog:
        """Open one that refuses from the start."""
        log = cls(path)
        log.error = OSError(5, os.strerror(5))
        return log
