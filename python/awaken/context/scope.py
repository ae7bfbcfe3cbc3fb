"""Calls within a scope: a runtime bounds how many invocations of one scope and limit key run at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.context.calls import issue_call, issue_send
from awaken.handler.lookup import keyed_handler, service_handler

if TYPE_CHECKING:
    from datetime import timedelta

    from awaken.context.durable_future import FutureDriver
    from awaken.context.futures import RestateDurableCallFuture, SendHandle
    from awaken.handler.handler import HandlerType, I, O

__all__ = ["ScopedContext"]


class ScopedContext:
    """What `ctx.scope(...)` gives: calls and sends within that scope.

    Every method raises UnsupportedFeatureError, and the attempt is over, when the runtime speaks an older version of
    the invocation protocol than 7.
    """

    __slots__ = ("_driver", "_scope")

    def __init__(self, driver: FutureDriver, scope: str) -> None:
        self._driver = driver
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
        callee = service_handler(tpe, "service_call")
        return issue_call(self._driver, callee, "", arg, idempotency_key, headers, self._scope, limit_key)

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
        callee = service_handler(tpe, "service_send")
        return issue_send(
            self._driver, callee, "", arg, send_delay, idempotency_key, headers, self._scope, limit_key
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
        callee = keyed_handler(tpe, key, "object_call")
        return issue_call(self._driver, callee, key, arg, idempotency_key, headers, self._scope, limit_key)

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
        callee = keyed_handler(tpe, key, "object_send")
        return issue_send(
            self._driver, callee, key, arg, send_delay, idempotency_key, headers, self._scope, limit_key
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
        callee = keyed_handler(tpe, key, "workflow_call")
        return issue_call(self._driver, callee, key, arg, idempotency_key, headers, self._scope, limit_key)

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
        callee = keyed_handler(tpe, key, "workflow_send")
        return issue_send(
            self._driver, callee, key, arg, send_delay, idempotency_key, headers, self._scope, limit_key
        )
