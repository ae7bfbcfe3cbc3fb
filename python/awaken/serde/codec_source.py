"""Where the journal value codec of an endpoint comes from: it is passed as such, or returned by a provider."""

from __future__ import annotations

import asyncio
import inspect
from contextvars import Context as ContextVars
from typing import TYPE_CHECKING, Any, cast

from awaken.serde.journal_codec import JournalValueCodec

if TYPE_CHECKING:
    from awaken.serde.journal_codec import JournalValueCodecProvider

__all__ = ["CodecSource"]


class CodecSource:
    """The codec of an endpoint. A provider is called once, when the first invocation needs the codec.

    Args:
        given: the codec, or its provider.

    Raises:
        TypeError: it is neither.
    """

    def __init__(self, given: JournalValueCodec | JournalValueCodecProvider) -> None:
        if not isinstance(given, JournalValueCodec) and not callable(given):
            raise TypeError(
                f"journal_value_codec is {given!r}; give a JournalValueCodec or an async function that returns one"
            )
        self._given = given
        self._codec = given if isinstance(given, JournalValueCodec) else None
        self._pending: asyncio.Future[JournalValueCodec] | None = None

    async def get(self) -> JournalValueCodec:
        """Return the codec. If the provider failed, the next invocation calls it again."""
        if self._codec is not None:
            return self._codec
        loop = asyncio.get_running_loop()
        if self._pending is None or self._pending.get_loop() is not loop:
            # Its own context: the provider belongs to no invocation.
            self._pending = loop.create_task(self._provide(), context=ContextVars())
            # The invocation that waits for it may have ended when it fails.
            self._pending.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(self._pending)

    async def _provide(self) -> JournalValueCodec:
        try:
            codec: Any = cast("JournalValueCodecProvider", self._given)()
            if inspect.isawaitable(codec):
                codec = await codec
            if not isinstance(codec, JournalValueCodec):
                raise TypeError(
                    f"the provider of the journal value codec returned {codec!r}, not a JournalValueCodec"
                )
            self._codec = codec
            return codec
        finally:
            self._pending = None
