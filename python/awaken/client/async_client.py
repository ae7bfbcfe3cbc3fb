"""The client, on the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.client.async_awakeable import ClientAwakeable
from awaken.client.async_scoped import RestateScopedClient
from awaken.client.awakeable_id import check_awakeable_id
from awaken.client.building import Extras
from awaken.serde.default import DefaultSerde, T

if TYPE_CHECKING:
    from datetime import timedelta

    from awaken.client.async_sender import AsyncSender
    from awaken.client.building import Builder
    from awaken.client.send_handle import RestateClientSendHandle
    from awaken.handler.handler import HandlerType, I, O
    from awaken.serde import Serde

__all__ = ["RestateClient"]


class RestateClient:
    """Calls handlers from outside, completes awakeables and fetches results; `create_client` opens one.

    Every method that sends a request raises `HttpError` if the response is an error, and an error of httpx if no
    response arrives.
    """

    __slots__ = ("_build", "_sender")

    def __init__(self, build: Builder, sender: AsyncSender) -> None:
        self._build = build
        self._sender = sender

    def scope(self, scope: str) -> RestateScopedClient:
        """Return a client for calls and sends within a scope."""
        return RestateScopedClient(self._build, self._sender, scope)

    # ------------------------------------------------------------ handlers

    async def service_call(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> O:
        """Call a service's handler and wait for its result."""
        extras = Extras(idempotency_key, headers)
        return await self._sender.send(self._build.call(tpe, None, arg, extras))

    async def service_send(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        send_delay: timedelta | float | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateClientSendHandle:
        """Start a service's handler, now or later."""
        extras = Extras(idempotency_key, headers)
        return await self._sender.send(self._build.send(tpe, None, arg, send_delay, extras))

    async def object_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> O:
        """Call a virtual object's handler and wait for its result."""
        extras = Extras(idempotency_key, headers)
        return await self._sender.send(self._build.call(tpe, key, arg, extras))

    async def object_send(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateClientSendHandle:
        """Start a virtual object's handler, now or later."""
        extras = Extras(idempotency_key, headers)
        return await self._sender.send(self._build.send(tpe, key, arg, send_delay, extras))

    async def workflow_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> O:
        """Call a workflow's handler and wait for its result; the main handler can be called once per key."""
        extras = Extras(idempotency_key, headers)
        return await self._sender.send(self._build.call(tpe, key, arg, extras))

    async def workflow_send(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateClientSendHandle:
        """Start a workflow's handler, now or later; starting the main handler again has no effect."""
        extras = Extras(idempotency_key, headers)
        return await self._sender.send(self._build.send(tpe, key, arg, send_delay, extras))

    async def generic_call(
        self,
        service: str,
        handler: str,
        arg: bytes,
        key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
        scope: str | None = None,
        limit_key: str | None = None,
    ) -> bytes:
        """Call a handler by name, with raw bytes in and out: JSON, unless `headers` sets another content type."""
        extras = Extras(idempotency_key, headers, scope, limit_key)
        return await self._sender.send(self._build.generic_call(service, handler, arg, key, extras))

    async def generic_send(
        self,
        service: str,
        handler: str,
        arg: bytes,
        key: str | None = None,
        send_delay: timedelta | float | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
        scope: str | None = None,
        limit_key: str | None = None,
    ) -> RestateClientSendHandle:
        """Start a handler by name, with raw bytes in: JSON, unless `headers` sets another content type."""
        extras = Extras(idempotency_key, headers, scope, limit_key)
        return await self._sender.send(
            self._build.generic_send(service, handler, arg, key, send_delay, extras)
        )

    # ------------------------------------------------------------ invocations

    async def attach(
        self,
        invocation_id: str,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
    ) -> T:
        """Wait for the result of an invocation that still runs, or whose result is retained."""
        return await self._sender.send(self._build.attach(invocation_id, serde, type_hint))

    async def output(
        self,
        invocation_id: str,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
    ) -> T:
        """Return the result of an invocation. Raises NotReadyError if it has not ended."""
        return await self._sender.send(self._build.output(invocation_id, serde, type_hint))

    async def workflow_attach(self, tpe: HandlerType[I, O], key: str) -> O:
        """Wait for the result of a workflow; `tpe` is its main handler."""
        return await self._sender.send(self._build.workflow_result("attach", tpe, key))

    async def workflow_output(self, tpe: HandlerType[I, O], key: str) -> O:
        """Return the result of a workflow. Raises NotReadyError if it has not ended."""
        return await self._sender.send(self._build.workflow_result("output", tpe, key))

    async def cancel(self, invocation_id: str) -> None:
        """Ask an invocation to end: its handler gets a `TerminalError` 409 at its next await.

        Raises:
            ValueError: the client was opened without an admin address.
            HttpError: 404 if there is no such invocation, 409 if it has ended.
        """
        await self._sender.send(self._build.cancel(invocation_id))

    # ------------------------------------------------------------ awakeables

    def awakeable(
        self,
        awakeable_id: str,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
    ) -> ClientAwakeable[T]:
        """Return an awakeable, to resolve or reject it.

        Args:
            awakeable_id: the id that the handler handed out.
            serde: writes the value.
            type_hint: the type of the value; `resolve` refuses any other before it sends anything.

        Raises:
            InvalidIdError: the id is malformed, or a runtime would not take it as an awakeable's.
        """
        check_awakeable_id(awakeable_id)
        return ClientAwakeable(self._build, self._sender, awakeable_id, serde, type_hint)
