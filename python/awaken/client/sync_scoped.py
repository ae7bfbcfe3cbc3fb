"""Calls within a scope, blocking the calling thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from awaken.client.building import Extras

if TYPE_CHECKING:
    from datetime import timedelta

    from awaken.client.building import Builder
    from awaken.client.send_handle import RestateClientSendHandle
    from awaken.client.sending import SyncSender
    from awaken.handler.handler import HandlerType

__all__ = ["SyncRestateScopedClient"]

I = TypeVar("I")  # noqa: E741  # input, as O is output
O = TypeVar("O")  # noqa: E741


class SyncRestateScopedClient:
    """The calls and sends of a client within one scope; `SyncRestateClient.scope` makes one.

    A server takes scopes only with its experimental feature for them. A limit key names the concurrency limit that
    an invocation counts for; it is no part of what identifies the invocation.
    """

    __slots__ = ("_build", "_scope", "_sender")

    def __init__(self, build: Builder, sender: SyncSender, scope: str) -> None:
        self._build = build
        self._sender = sender
        self._scope = scope

    def service_call(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> O:
        """Call a service's handler and wait for its result."""
        return self._call(tpe, None, arg, limit_key, idempotency_key, headers)

    def service_send(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        send_delay: timedelta | float | None = None,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateClientSendHandle:
        """Start a service's handler, now or later."""
        return self._send(tpe, None, arg, send_delay, limit_key, idempotency_key, headers)

    def object_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> O:
        """Call a virtual object's handler and wait for its result."""
        return self._call(tpe, key, arg, limit_key, idempotency_key, headers)

    def object_send(
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
        return self._send(tpe, key, arg, send_delay, limit_key, idempotency_key, headers)

    def workflow_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> O:
        """Call a workflow's handler and wait for its result."""
        return self._call(tpe, key, arg, limit_key, idempotency_key, headers)

    def workflow_send(
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
        return self._send(tpe, key, arg, send_delay, limit_key, idempotency_key, headers)

    def _call(
        self,
        tpe: HandlerType[I, O],
        key: str | None,
        arg: I,
        limit_key: str | None,
        idempotency_key: str | None,
        headers: dict[str, str] | None,
    ) -> O:
        extras = Extras(idempotency_key, headers, self._scope, limit_key)
        return self._sender.send(self._build.call(tpe, key, arg, extras))

    def _send(
        self,
        tpe: HandlerType[I, O],
        key: str | None,
        arg: I,
        send_delay: timedelta | float | None,
        limit_key: str | None,
        idempotency_key: str | None,
        headers: dict[str, str] | None,
    ) -> RestateClientSendHandle:
        extras = Extras(idempotency_key, headers, self._scope, limit_key)
        return self._sender.send(self._build.send(tpe, key, arg, send_delay, extras))
