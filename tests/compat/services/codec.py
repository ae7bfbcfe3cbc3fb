"""A codec whose work is visible in the journal, and which really awaits."""

from __future__ import annotations

import asyncio

from tests.compat.sdk import restate


class Reversing(restate.JournalValueCodec):
    """Reverses values and puts a mark in front."""

    MARK = b"~"

    def encode(self, buf: bytes) -> bytes:
        return self.MARK + buf[::-1] if buf else b""

    async def decode(self, buf: bytes) -> bytes:
        await asyncio.sleep(0)
        if buf and not buf.startswith(self.MARK):
            raise restate.TerminalError(f"{buf!r} did not go through the codec")
        return buf[:0:-1]


async def provide() -> Reversing:
    """Make the codec asynchronously, like one that has to load a key."""
    await asyncio.sleep(0)
    return Reversing()
