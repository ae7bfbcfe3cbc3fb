"""A codec that can be seen in the journal, and that really awaits."""

from __future__ import annotations

import asyncio

from tests.compat.sdk import restate


class Reversing(restate.JournalValueCodec):
    """Values travel backwards, behind a mark."""

    MARK = b"~"

    def encode(self, buf: bytes) -> bytes:
        return self.MARK + buf[::-1] if buf else b""

    async def decode(self, buf: bytes) -> bytes:
        await asyncio.sleep(0)
        if buf and not buf.startswith(self.MARK):
            raise restate.TerminalError(f"{buf!r} did not go through the codec")
        return buf[:0:-1]


async def provide() -> Reversing:
    """Make the codec, as one that has to load a key would be made."""
    await asyncio.sleep(0)
    return Reversing()
