"""The journal value codec of an attempt: encodes values as commands are issued, decodes them as they are released.

Encoding is immediate. Decoding is asynchronous, so a released result is on its way for a while; no other result is
released meanwhile, and the order stays that of the journal. Values that the journal gives at once (state that was sent
with the input) are held here under a negative handle until somebody awaits them.
"""

from __future__ import annotations

import asyncio
import inspect
from contextvars import Context as ContextVars
from typing import TYPE_CHECKING, Any, Protocol, cast

from awaken.errors import SdkInternalBaseException
from awaken.serde.journal_codec import JournalValueCodec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken._core import EndpointMachine, Result
    from awaken.context.durable_future import DurableFuture
    from awaken.serde.journal_codec import JournalValueCodecProvider

__all__ = ["AttemptCodec", "CodecSource"]


class CodecSource:
    """The codec of an endpoint; a provider is asked when the first invocation needs it, and once.

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
        """Return the codec. A provider that failed is asked again by the next invocation."""
        if self._codec is not None:
            return self._codec
        loop = asyncio.get_running_loop()
        if self._pending is None or self._pending.get_loop() is not loop:
            # Its own context: the provider belongs to no invocation.
            self._pending = loop.create_task(self._provide(), context=ContextVars())
            # Who asked may be gone when it fails.
            self._pending.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(self._pending)

    async def _provide(self) -> JournalValueCodec:
        try:
            codec: Any = cast("JournalValueCodecProvider", self._given)()
            if inspect.isawaitable(codec):
                codec = await codec
            if not isinstance(codec, JournalValueCodec):
                raise TypeError(
                    f"the provider of the journal value codec gave {codec!r}, not a JournalValueCodec"
                )
            self._codec = codec
            return codec
        finally:
            self._pending = None


class Host(Protocol):
    """The attempt that a codec works for."""

    machine: EndpointMachine
    loop: asyncio.AbstractEventLoop

    def fail(self, error: Exception, what: str) -> BaseException:
        """End the attempt and return what unwinds the handler."""
        ...

    def go_on(self) -> None:
        """Note that the handler got a result."""
        ...


class AttemptCodec:
    """The codec, as one attempt uses it.

    Args:
        host: the attempt.
        codec: of the endpoint.
    """

    __slots__ = ("_codec", "_host", "_is_decoding", "_task", "commands", "encode")

    def __init__(self, host: Host, codec: JournalValueCodec) -> None:
        self._host = host
        self._codec = codec
        self._is_decoding = False
        self._task: asyncio.Task[None] | None = None
        self.encode = codec.encode
        #: Issue commands here: their values are encoded.
        self.commands = EncodingMachine(host.machine, codec)

    async def decode(self, result: Result) -> Result:
        """Decode a value; what is not a value, such as a failure, stays as it is."""
        return await self.decode_value(result) if isinstance(result, bytes) else result

    async def decode_value(self, value: bytes) -> bytes:
        """Decode a value.

        A codec that fails ends the attempt: the handler, for which a result is what the journal has, gets no say in it.
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
            awaited: what the handler awaits, by handle; what is taken care of is removed.
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
        self._host.go_on()


class EncodingMachine:
    """A machine whose commands encode the values they are given."""

    __slots__ = ("_codec", "_machine", "_next_held", "held")

    def __init__(self, machine: EndpointMachine, codec: JournalValueCodec) -> None:
        self._machine = machine
        self._codec = codec
        #: Values given at once and not decoded yet, by negative handle.
        self.held: dict[int, bytes] = {}
        self._next_held = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._machine, name)

    def get_state(self, key: str, name: str = "") -> int | None:
        """Read state; a value that is there is held."""
        answer = self._machine.get_state(key, name)
        if not isinstance(answer, bytes):
            return answer
        self._next_held -= 1
        self.held[self._next_held] = answer
        return self._next_held

    def set_state(self, key: str, value: bytes, name: str = "") -> None:
        """Write state."""
        self._machine.set_state(key, self._codec.encode(value), name)

    def resolve_awakeable(self, awakeable_id: str, value: bytes, name: str = "") -> None:
        """Resolve an awakeable."""
        self._machine.resolve_awakeable(awakeable_id, self._codec.encode(value), name)

    def resolve_signal(self, invocation_id: str, signal_name: str, value: bytes, name: str = "") -> None:
        """Send a signal."""
        self._machine.resolve_signal(invocation_id, signal_name, self._codec.encode(value), name)

    def resolve_promise(self, key: str, value: bytes, name: str = "") -> int:
        """Resolve a promise."""
        return self._machine.resolve_promise(key, self._codec.encode(value), name)

    def call(self, service: str, handler: str, parameter: bytes, **options: Any) -> Sequence[int]:
        """Call a handler."""
        return self._machine.call(service, handler, self._codec.encode(parameter), **options)

    def send(self, service: str, handler: str, parameter: bytes, **options: Any) -> int:
        """Start a handler."""
        return self._machine.send(service, handler, self._codec.encode(parameter), **options)
