"""Calls within a scope: a runtime bounds how many invocations of one scope and limit key run at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from awaken.handler.handler import keyed_handler, service_handler

if TYPE_CHECKING:
    from datetime import timedelta

    from awaken.context.context import Context
    from awaken.context.futures import RestateDurableCallFuture, SendHandle
    from awaken.handler.handler import Handler, HandlerType

__all__ = ["ScopedContext"]

I = TypeVar("I")  # noqa: E741  # input, as O is output
O = TypeVar("O")  # noqa: E741


class ScopedContext:
    """What `ctx.scope(...)` gives: calls and sends within that scope.

    Every method raises UnsupportedFeatureError, and the attempt is over, when the runtime speaks an older version of
    the invocation protocol than 7.
    """

    __slots__ = ("_context", "_scope")

    def __init__(self, context: Context, scope: str) -> None:
        self._context = context
        self._scope = scope

    def service_call(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateDurableCallFuture[O]:
        """Call a service's handler and wait for its result.

        Args:
            tpe: the handler.
            arg: its input.
            limit_key: what shares a limit within the scope.
            idempotency_key: makes a second call with the same key attach to the first.
            headers: for the handler's request.
        """
        return self._call(service_handler(tpe, "service_call"), "", arg, limit_key, idempotency_key, headers)

    def service_send(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        send_delay: timedelta | float | None = None,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> SendHandle:
        """Start a service's handler, now or later, without waiting for it. Arguments as in `service_call`."""
        return self._send(
            service_handler(tpe, "service_send"), "", arg, send_delay, limit_key, idempotency_key, headers
        )

    def object_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateDurableCallFuture[O]:
        """Call a virtual object's handler and wait for its result. Arguments as in `service_call`."""
        return self._call(
            keyed_handler(tpe, key, "object_call"), key, arg, limit_key, idempotency_key, headers
        )

    def object_send(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None = None,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> SendHandle:
        """Start a virtual object's handler, now or later, without waiting for it. Arguments as in `service_call`."""
        return self._send(
            keyed_handler(tpe, key, "object_send"), key, arg, send_delay, limit_key, idempotency_key, headers
        )

    def workflow_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateDurableCallFuture[O]:
        """Call a workflow's handler and wait for its result. Arguments as in `service_call`."""
        return self._call(
            keyed_handler(tpe, key, "workflow_call"), key, arg, limit_key, idempotency_key, headers
        )

    def workflow_send(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None = None,
        limit_key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> SendHandle:
        """Start a workflow's handler, now or later, without waiting for it. Arguments as in `service_call`."""
        return self._send(
            keyed_handler(tpe, key, "workflow_send"),
            key,
            arg,
            send_delay,
            limit_key,
            idempotency_key,
            headers,
        )

    def _call(
        self,
        callee: Handler[I, O],
        key: str,
        arg: I,
        limit_key: str | None,
        idempotency_key: str | None,
        headers: dict[str, str] | None,
    ) -> RestateDurableCallFuture[O]:
        return self._context._call_handler(callee, key, arg, idempotency_key, headers, self._scope, limit_key)

    def _send(
        self,
        callee: Handler[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None,
        limit_key: str | None,
        idempotency_key: str | None,
        headers: dict[str, str] | None,
    ) -> SendHandle:
        return self._context._send_handler(
            callee, key, arg, send_delay, idempotency_key, headers, self._scope, limit_key
        )
