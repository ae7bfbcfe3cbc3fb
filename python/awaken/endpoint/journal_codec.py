"""The journal value codec of an attempt: encodes values as commands are issued, decodes them as they are released.

Encoding is immediate. Decoding is asynchronous, so it takes a while until a released result arrives; no other result is
released in the meantime, so the order remains that of the journal. Values that are known at once (state that was sent
with the input) are held here under a negative handle until the handler awaits them.
"""

from __future__ import annotations

from contextvars import Context as ContextVars
from typing import TYPE_CHECKING, Any, Protocol

from awaken.endpoint.forwarded_commands import ForwardedCommands
from awaken.errors import SdkInternalBaseException

if TYPE_CHECKING:
    import asyncio

    from awaken._core import Result
    from awaken.context.commands import Commands
    from awaken.context.durable_future import DurableFuture
    from awaken.serde.journal_codec import JournalValueCodec

__all__ = ["AttemptCodec", "EncodedCommands"]


class Host(Protocol):
    """The attempt that a codec works for."""

    loop: asyncio.AbstractEventLoop

    def fail(self, error: Exception, what: str) -> BaseException:
        """End the attempt and return what unwinds the handler."""
        ...

    def unwatch(self, future: DurableFuture[Any]) -> None:
        """Note that nothing waits for a future any longer."""
        ...

    def go_on(self) -> None:
        """Continue: the handler has received a result."""
        ...


class AttemptCodec:
    """The codec, as one attempt uses it.

    Args:
        host: the attempt.
        codec: of the endpoint.
        commands: of the attempt, before their values are encoded.
    """

    __slots__ = ("_codec", "_host", "_is_decoding", "_task", "commands")

    def __init__(self, host: Host, codec: JournalValueCodec, commands: Commands) -> None:
        self._host = host
        self._codec = codec
        self._is_decoding = False
        self._task: asyncio.Task[None] | None = None
        #: Issue commands here: their values are encoded.
        self.commands = EncodedCommands(commands, codec)

    async def decode(self, result: Result) -> Result:
        """Decode a value; what is not a value, such as a failure, stays as it is."""
        return await self.decode_value(result) if isinstance(result, bytes) else result

    async def decode_value(self, value: bytes) -> bytes:
        """Decode a value.

        A codec that fails ends the attempt. The handler cannot catch that: its results are what the journal contains.
        """
        self._is_decoding = True
        try:
            return await self._codec.decode(value)
        except Exception as error:
            raise self._host.fail(error, "the journal value codec failed") from error
        finally:
            self._is_decoding = False

    def release(self, future: DurableFuture[Any], result: Result) -> None:
        """Decode a result and settle its future, while the handler awaits in several tasks."""
        self._is_decoding = True
        # Its own context: the codec belongs to no invocation.
        self._task = self._host.loop.create_task(self._settle(future, result), context=ContextVars())

    def holds_back(self, awaited: dict[int, DurableFuture[Any]]) -> bool:
        """Tell whether nothing may be released now; a held value that is awaited goes first.

        Args:
            awaited: what the handler awaits, by handle; a held value whose decoding begins is removed.
        """
        if self._is_decoding:
            return True
        held = max((handle for handle in awaited if handle < 0), default=None)
        if held is None:
            return False
        self.release(awaited.pop(held), self.commands.held.pop(held))
        return True

    def holds_back_for(self, future: DurableFuture[Any]) -> bool:
        """Tell whether nothing may be released to a handler that awaits this alone; a held value is decoded now."""
        if not self._is_decoding and future.handle < 0:
            self.release(future, self.commands.held.pop(future.handle))
        return self._is_decoding

    def close(self) -> None:
        """Stop decoding: the attempt is over."""
        if self._task is not None:
            self._task.cancel()

    async def _settle(self, future: DurableFuture[Any], result: Result) -> None:
        try:
            future.settle(await self.decode(result))
        except SdkInternalBaseException:
            return  # the attempt is over
        finally:
            self._is_decoding = False
        self._host.unwatch(future)  # the handler may have begun to wait for it in the meantime
        self._host.go_on()


class EncodedCommands(ForwardedCommands):
    """Passes commands on with their values encoded.

    Args:
        inner: the machine, or what stands in for it already.
        codec: of the endpoint.
    """

    __slots__ = ("_codec", "_next_held", "held")

    def __init__(self, inner: Commands, codec: JournalValueCodec) -> None:
        super().__init__(inner)
        self._codec = codec
        #: Values that are known and not decoded yet, by negative handle.
        self.held: dict[int, bytes] = {}
        self._next_held = 0

    def _value(self, value: bytes) -> bytes:
        return self._codec.encode(value)

    def get_state(self, key: str, name: str = "") -> bytes | int | None:
        """Read state; return None if there is none, or else a handle. A value that is known already is held for it."""
        answer = self._inner.get_state(key, name)
        if not isinstance(answer, bytes):
            return answer
        self._next_held -= 1
        self.held[self._next_held] = answer
        return self._next_held
