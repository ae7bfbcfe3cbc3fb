"""What a client needs of a journal value codec."""

from __future__ import annotations

import asyncio
from typing import Protocol

__all__ = ["BlockingCodec", "ValueCodec"]


class ValueCodec(Protocol):
    """A journal value codec; see `awaken.JournalValueCodec`."""

    def encode(self, buf: bytes) -> bytes:
        """Encode a serialized value for transport."""
        ...

    async def decode(self, buf: bytes) -> bytes:
        """Decode what was received into a serialized value."""
        ...


class BlockingCodec:
    """Decodes with a `ValueCodec` and blocks the calling thread meanwhile.

    Each call runs an event loop of its own: a codec may await, and the calling thread has no running loop.
    """

    __slots__ = ("_codec",)

    def __init__(self, codec: ValueCodec) -> None:
        self._codec = codec

    def decode(self, buf: bytes) -> bytes:
        """Decode what was received into a serialized value."""
        return asyncio.run(self._decode(buf))

    async def _decode(self, buf: bytes) -> bytes:
        # `asyncio.run` takes coroutines only; a codec may return any awaitable.
        return await self._codec.decode(buf)
