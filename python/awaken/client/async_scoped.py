"""Calls within a scope, on the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.client.building import Extras

if TYPE_CHECKING:
    from datetime import timedelta

    from awaken.client.async_sender import AsyncSender
    from awaken.client.building import Builder
    from awaken.client.send_handle import RestateClientSendHandle
    from awaken.handler.handler import HandlerType, I, O

__all__ = ["RestateScopedClient"]


class RestateScopedClient:
    """The calls and sends of a client within one scope; `RestateClient.scope` makes one.

    A server accepts scopes only if its experimental feature for them is enabled. A limit key names the concurrency
    limit that an invocation counts towards; it is not part of what identifies the invocation.
    """

    __slots__ = ("_build", "_scope", "_sender")

    def __init__(self, build: Builder, sender: AsyncSender, scope: str) -> None:
        self._build = build
        self._sender = sender
        self._scope = scope

    async def service_call(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> O:
        """Call a service's handler and wait for its result."""
        extras = Extras(idempotency_key, headers, self._scope, limit_key)
        return await self._sender.send(self._build.call(tpe, None, arg, extras))

    async def service_send(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        send_delay: timedelta | float | None = None,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateClientSendHandle:
        """Start a service's handler, now or later."""
        extras = Extras(idempotency_key, headers, self._scope, limit_key)
        return await self._sender.send(self._build.send(tpe, None, arg, send_delay, extras))

    async def object_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> O:
        """Call a virtual object's handler and wait for its result."""
        extras = Extras(idempotency_key, headers, self._scope, limit_key)
        return await self._sender.send(self._build.call(tpe, key, arg, extras))

    async def object_send(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None = None,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateClientSendHandle:
        """Start a virtual object's handler, now or later."""
        extras = Extras(idempotency_key, headers, self._scope, limit_key)
        return await self._sender.send(self._build.send(tpe, key, arg, send_delay, extras))

    async def workflow_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> O:
        """Call a workflow's handler and wait for its result."""
        extras = Extras(idempotency_key, headers, self._scope, limit_key)
        return await self._sender.send(self._build.call(tpe, key, arg, extras))

    async def workflow_send(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None = None,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateClientSendHandle:
        """Start a workflow's handler, now or later."""
        extras = Extras(idempotency_key, headers, self._scope, limit_key)
        return await self._sender.send(self._build.send(tpe, key, arg, send_delay, extras))
