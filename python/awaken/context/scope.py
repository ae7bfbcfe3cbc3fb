"""Calls within a scope. A runtime limits how many invocations of a scope and limit key run concurrently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.context.call_commands import issue_call, issue_send
from awaken.handler.lookup import keyed_handler, service_handler

if TYPE_CHECKING:
    from datetime import timedelta

    from awaken.context.durable_future import FutureDriver
    from awaken.context.futures import RestateDurableCallFuture, SendHandle
    from awaken.handler.handler import HandlerType, I, O

__all__ = ["ScopedContext"]


class ScopedContext:
    """The calls and sends of a scope, as returned by `ctx.scope(...)`.

    Every method raises UnsupportedFeatureError, which ends the attempt, if the runtime's version of the invocation
    protocol is older than 7.
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
        """Call a handler of a service and wait for its result.

        Args:
            tpe: the decorated function of the handler.
            arg: its input; None for a handler without one.
            limit_key: the concurrency limit within the scope that the invocation counts for.
            idempotency_key: a second call with the same key attaches to the invocation of the first.
            headers: sent with the request.
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
        """Start a handler of a service without waiting for it.

        Arguments as in `service_call` and `Context.service_send`.
        """
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
        """Call a handler of a virtual object and wait for its result. Arguments as in `service_call`."""
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
        """Start a handler of a virtual object without waiting for it. Arguments as in `service_send`."""
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
        """Call a handler of a workflow and wait for its result. Arguments as in `service_call`."""
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
        """Start a handler of a workflow without waiting for it. Arguments as in `service_send`."""
        callee = keyed_handler(tpe, key, "workflow_send")
        return issue_send(
            self._driver, callee, key, arg, send_delay, idempotency_key, headers, self._scope, limit_key
        )
