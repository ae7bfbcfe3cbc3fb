"""How much the write-ahead log grows: its index counts the pages in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.runtime.store.log_index import FRAME_HEADER_SIZE, LogIndex

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LogSize"]


class LogSize:
    """Reads the size of one log.

    Args:
        index_path: its index, which exists while the database is open.
    """

    def __init__(self, index_path: Path) -> None:
        self._index = LogIndex(index_path)
        self._frames = 0

    def growth(self) -> int:
        """Return the bytes that were added since the last call; a log that began anew counts from its start."""
        try:
            head = self._index.read()
        except OSError:  # somebody removed the file; it goes on without a name
            return 0
        frames = head.last_frame
        added = frames - self._frames if frames >= self._frames else frames
        self._frames = frames
        return added * (FRAME_HEADER_SIZE + head.page_size)

    def release(self) -> None:
        """Close what is open. Call this when all connections are closed."""
        self._index.release()
