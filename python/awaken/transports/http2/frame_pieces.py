"""Cuts received bytes into pieces of a few frames, because it is the frames that cost time, and not the bytes."""

from __future__ import annotations

from typing import Final

__all__ = ["FramePieces"]

_HEADER: Final = 9  # bytes


class FramePieces:
    """Bytes of an HTTP/2 connection that were received and not read yet.

    Only the lengths in frame headers are looked at. From a peer that does not speak HTTP/2, the pieces have odd sizes.
    """

    __slots__ = ("_at", "_data", "_header", "_payload")

    def __init__(self) -> None:
        self._data = b""
        self._at = 0
        #: What has come of a header that the received bytes cut in two.
        self._header = b""
        #: Bytes of the current frame's payload that are still to come.
        self._payload = 0

    def __bool__(self) -> bool:
        """Whether something is left."""
        return self._at < len(self._data)

    def add(self, data: bytes) -> None:
        """Add received bytes."""
        self._data = self._data[self._at :] + data if self else data
        self._at = 0

    def take(self, most: int) -> tuple[bytes, int]:
        """Take a piece.

        Args:
            most: how many frames may begin in it.

        Returns:
            The piece, and how many frames begin in it.
        """
        data, start = self._data, self._at
        at, end, count = start, len(data), 0
        while at < end:
            if self._payload:
                step = min(self._payload, end - at)
                self._payload -= step
                at += step
                continue
            if count == most:
                break
            part = data[at : at + _HEADER - len(self._header)]
            at += len(part)
            self._header += part
            if len(self._header) == _HEADER:
                self._payload = int.from_bytes(self._header[:3])
                self._header = b""
                count += 1
        self._at = at
        if start == 0 and at == end:
            return data, count
        return data[start:at], count

    def clear(self) -> None:
        """Forget what is left."""
        self._data = b""
        self._at = 0
