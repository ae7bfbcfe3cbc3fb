"""An application whose values pass through a journal value codec."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import awaken as restate
from awaken.serde.journal_codec import JournalValueCodec

MARK = b"sealed:"
sealed = restate.Service("Sealed")


class Sealing(JournalValueCodec):
    """Values that were not sealed cannot be opened."""

    def encode(self, buf: bytes) -> bytes:
        return MARK + base64.b85encode(buf)

    async def decode(self, buf: bytes) -> bytes:
        if not buf.startswith(MARK):
            raise ValueError("this is not sealed")
        return base64.b85decode(buf.removeprefix(MARK))


@sealed.handler()
async def ask(ctx: restate.Context, path: str) -> bool:
    """Write awakeable and URL of a link into a file, and answer with what is said there."""
    callback = ctx.callback(bool, name="approve?")
    await ctx.run_typed("hand out", Path(path).write_text, data=f"{callback.id} {callback.url}")
    return await callback


@sealed.handler()
async def wait(ctx: restate.Context, path: str) -> Any:
    """Write the id of a plain awakeable into a file, and answer with what resolves it."""
    identifier, future = ctx.awakeable()
    await ctx.run_typed("hand out", Path(path).write_text, data=f"{identifier} -")
    return await future


CODEC = Sealing()
app = restate.app([sealed], journal_value_codec=CODEC)
