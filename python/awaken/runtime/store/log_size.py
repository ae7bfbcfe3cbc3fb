"""How much the write-ahead log grows: its index, in shared memory, counts the pages in it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

__all__ = ["LogSize"]

#: Of the index, in the byte order of the machine: version, unused, changes, flags and page size, last frame. See
#: `log_rewrite.py`.
_INDEX: Final = struct.Struct("=3IBBHI")
_FRAME_SIZE: Final = 24
#: What the field of two bytes has for 65,536, and the value that it stands for.
_LARGEST: Final = (1, 65_536)


class LogSize:
    """Reads the index of one log.

    Args:
        index_path: the index, which exists while the database is open.
    """

    def __init__(self, index_path: Path) -> None:
        self._index_path = index_path
        #: Once open, until `release`: closing a descriptor of the index releases SQLite's locks on it.
        self._index: FileIO | None = None
        self._frames = 0

    def growth(self) -> int:
        """Return the bytes that were added since the last call; a log that began anew counts from its start."""
        try:
            if self._index is None:
                self._index = self._index_path.open("rb", buffering=0)
            self._index.seek(0)
            page_size, frames = _INDEX.unpack(self._index.read(_INDEX.size))[-2:]
        except (OSError, struct.error):  # somebody removed the file; it goes on without a name
            return 0
        added = frames - self._frames if frames >= self._frames else frames
        self._frames = frames
        page_size = _LARGEST[1] if page_size == _LARGEST[0] else page_size
        size: int = added * (_FRAME_SIZE + page_size)
        return size

    def release(self) -> None:
        """Close what is open. Call this when all connections are closed."""
        if self._index is not None:
            self._index.close()
            self._index = None
