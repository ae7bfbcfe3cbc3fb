"""The index of a write-ahead log, which SQLite keeps in shared memory.

Its format, and that of the log: https://www.sqlite.org/walformat.html
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from io import FileIO
    from pathlib import Path

__all__ = ["FRAME_HEADER_SIZE", "LogHead", "LogIndex"]

#: Bytes in front of each page of the log.
FRAME_HEADER_SIZE: Final = 24
#: In the byte order of the machine: version, unused, changes, flags and page size, last frame, pages, checksum of the
#: last frame, salts.
_HEAD: Final = struct.Struct("=3IBBH6I")
_VERSION: Final = 3_007_000
#: What the field of two bytes has for 65,536, and the value that it stands for.
_LARGEST: Final = (1, 65_536)


class LogHead(NamedTuple):
    """What the index says of the log."""

    page_size: int
    #: Number of the last frame that is committed, from 1.
    last_frame: int
    #: As numbers of the log, which is big-endian.
    salts: tuple[int, int]


class LogIndex:
    """Reads the index of one log.

    Args:
        path: the index, which exists while the database is open.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        #: Once open, until `release`: closing a descriptor of the index releases SQLite's locks on it.
        self._file: FileIO | None = None

    def read(self) -> LogHead:
        """Return what it says now.

        Raises:
            OSError: it cannot be read, or is of a version that is not known.
        """
        if self._file is None:
            self._file = self._path.open("rb", buffering=0)
        self._file.seek(0)
        head = self._file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise OSError(f"{self._path} has {len(head)} bytes, and begins with {_HEAD.size}")
        version, _, _, _, _, page_size, last_frame, _, _, _, *salts = _HEAD.unpack(head)
        if version != _VERSION:
            raise OSError(f"{self._path} has the unknown version {version}")
        first, second = struct.unpack(">2I", struct.pack("=2I", *salts))
        return LogHead(_LARGEST[1] if page_size == _LARGEST[0] else page_size, last_frame, (first, second))

    def release(self) -> None:
        """Close what is open. Call this when all connections are closed."""
        if self._file is not None:
            self._file.close()
            self._file = None
