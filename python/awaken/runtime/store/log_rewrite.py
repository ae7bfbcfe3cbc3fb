"""Writes the write-ahead log once more, after the disk has refused to sync it.

When a sync fails, Linux takes the pages for written: the next sync succeeds without them, and what is committed later
stands behind a hole that only a crash would show. So the log is read from the page cache, checked against what SQLite
believes to be in it, and written again, which makes its pages wait for the disk again. The format of the log and of its
index: https://www.sqlite.org/walformat.html
"""

from __future__ import annotations

import struct
import sys
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from io import FileIO

__all__ = ["LogRewriter"]

_HEADER: Final = struct.Struct(">8I")
_HEADER_SIZE: Final = 32
_FRAME: Final = struct.Struct(">6I")
_FRAME_SIZE: Final = 24
#: Of the log; the lowest bit tells the byte order of its checksums.
_MAGIC: Final = 0x377F0682
#: Of the index, in the byte order of the machine: version, unused, changes, flags and page size, last frame, pages,
#: checksum of the last frame, salts.
_INDEX: Final = struct.Struct("=3IBBH6I")
_INDEX_VERSION: Final = 3_007_000
_WORD: Final = 0xFFFFFFFF


class LogRewriter:
    """Rewrites the log of one database. Nothing else may write to the log meanwhile; reading is no harm.

    Args:
        log_path: the write-ahead log.
        index_path: its index, in shared memory.
    """

    def __init__(self, log_path: Path, index_path: Path) -> None:
        self._log_path = log_path
        self._index_path = index_path
        #: Once open, until `release`: closing a descriptor of the index releases SQLite's locks on it.
        self._index: FileIO | None = None

    def rewrite(self) -> None:
        """Write what is in the log again. The next sync brings it to the disk.

        Raises:
            OSError: the log cannot be read or written, or no longer holds everything that was committed.
        """
        count, salts = self._last_frame()
        with Path(self._log_path).open("r+b", buffering=0) as file:
            content = file.read()
            if count == 0:
                return
            size = _checked_size(content, count, salts)
            if size is None:
                raise OSError(
                    f"{self._log_path} does not hold what was committed any more; restart the runtime, which continues "
                    "from what is on the disk"
                )
            rest = memoryview(content)[:size]
            file.seek(0)
            while rest:
                rest = rest[file.write(rest) :]

    def release(self) -> None:
        """Close what is open. Call this when all connections are closed."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def _last_frame(self) -> tuple[int, tuple[int, int]]:
        """Return how many frames are committed, and the salts of the log that they are in."""
        if self._index is None:
            self._index = self._index_path.open("rb", buffering=0)
        self._index.seek(0)
        fields = _INDEX.unpack(self._index.read(_INDEX.size))
        if fields[0] != _INDEX_VERSION:
            raise OSError(f"{self._index_path} has the unknown version {fields[0]}")
        salts = struct.unpack(">2I", struct.pack("=2I", *fields[10:12]))
        return fields[6], (salts[0], salts[1])


def _checked_size(content: bytes, count: int, salts: tuple[int, int]) -> int | None:
    """Return the size of the first `count` frames and the header, None if they are not all there."""
    if len(content) < _HEADER_SIZE:
        return None
    magic, _, page_size, _, *salted, first, second = _HEADER.unpack_from(content)
    size: int = _HEADER_SIZE + count * (_FRAME_SIZE + page_size)
    is_swapped = (magic & 1 == 1) != (sys.byteorder == "big")
    checksum = _checksum((0, 0), content[: _HEADER_SIZE - 8], is_swapped=is_swapped)
    if magic & ~1 != _MAGIC or tuple(salted) != salts or checksum != (first, second) or len(content) < size:
        return None
    for at in range(_HEADER_SIZE, size, _FRAME_SIZE + page_size):
        _, _, *salted, first, second = _FRAME.unpack_from(content, at)
        page = at + _FRAME_SIZE
        checksum = _checksum(checksum, content[at : at + 8], is_swapped=is_swapped)
        checksum = _checksum(checksum, content[page : page + page_size], is_swapped=is_swapped)
        if tuple(salted) != salts or checksum != (first, second):
            return None
    return size


def _checksum(before: tuple[int, int], content: bytes, *, is_swapped: bool) -> tuple[int, int]:
    words = array("I", content)
    if is_swapped:
        words.byteswap()
    first, second = before
    pairs = iter(words)
    for one, other in zip(pairs, pairs, strict=True):
        first = (first + one + second) & _WORD
        second = (second + other + first) & _WORD
    return first, second
