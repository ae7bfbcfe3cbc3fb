"""Writes the write-ahead log once more, after the disk has refused to sync it.

When a sync fails, Linux takes the pages for written: the next sync succeeds without them, and what is committed later
stands behind a hole that only a crash would show. So the log is read from the page cache, checked against what SQLite
believes to be in it, and written again, which makes its pages wait for the disk again. `log_index.py` tells where the
format is described.
"""

from __future__ import annotations

import struct
import sys
from array import array
from pathlib import Path
from typing import Final

from awaken.runtime.store.log_index import FRAME_HEADER_SIZE, LogIndex

__all__ = ["LogRewriter"]

_HEADER: Final = struct.Struct(">8I")
_HEADER_SIZE: Final = 32
_FRAME: Final = struct.Struct(">6I")
#: Of the log; the lowest bit tells the byte order of its checksums.
_MAGIC: Final = 0x377F0682
_WORD: Final = 0xFFFFFFFF


class LogRewriter:
    """Rewrites the log of one database. Nothing else may write to the log meanwhile; reading is no harm.

    Args:
        log_path: the write-ahead log.
        index_path: its index, in shared memory.
    """

    def __init__(self, log_path: Path, index_path: Path) -> None:
        self._log_path = log_path
        self._index = LogIndex(index_path)

    def rewrite(self) -> None:
        """Write what is in the log again. The next sync brings it to the disk.

        Raises:
            OSError: the log cannot be read or written, or no longer holds everything that was committed.
        """
        _, count, salts = self._index.read()
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
        self._index.release()


def _checked_size(content: bytes, count: int, salts: tuple[int, int]) -> int | None:
    """Return the size of the first `count` frames and the header, None if they are not all there."""
    if len(content) < _HEADER_SIZE:
        return None
    magic, _, page_size, _, *salted, first, second = _HEADER.unpack_from(content)
    size: int = _HEADER_SIZE + count * (FRAME_HEADER_SIZE + page_size)
    is_swapped = (magic & 1 == 1) != (sys.byteorder == "big")
    checksum = _checksum((0, 0), content[: _HEADER_SIZE - 8], is_swapped=is_swapped)
    if magic & ~1 != _MAGIC or tuple(salted) != salts or checksum != (first, second) or len(content) < size:
        return None
    for at in range(_HEADER_SIZE, size, FRAME_HEADER_SIZE + page_size):
        _, _, *salted, first, second = _FRAME.unpack_from(content, at)
        page = at + FRAME_HEADER_SIZE
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
