"""Calls and sends to other handlers, and operations on invocations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken.context.call_commands import issue_call, issue_send, named_handler
from awaken.context.futures import RestateDurableCallFuture, RestateDurableFuture, SendHandle
from awaken.context.own_key import OwnKeyCallFuture
from awaken.context.state import KeyValueStore
from awaken.diagnostics import development
from awaken.handler import arguments, values
from awaken.handler.lookup import keyed_handler, service_handler
from awaken.serde.default import DefaultSerde, T

if TYPE_CHECKING:
    from datetime import timedelta

    from awaken._core import Input
    from awaken.context.driver import Driver
    from awaken.handler.handler import Handler, HandlerType, I, O
    from awaken.serde import Serde

__all__ = ["Calls"]


class Calls:
    """Calls other handlers, and attaches to or cancels invocations."""

    __slots__ = ()

    if TYPE_CHECKING:
        _driver: Driver
        _input: Input

    def service_call(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateDurableCallFuture[O]:
        """Call a handler of a service and wait for its result.

        Args:
            tpe: the decorated function of the handler.
            arg: its input; None for a handler without one.
            idempotency_key: a second call with the same key attaches to the invocation of the first.
            headers: sent with the request.
        """
        callee = service_handler(tpe, "service_call")
        return issue_call(self._driver, callee, "", arg, idempotency_key, headers)

    def service_send(
        self,
        tpe: HandlerType[I, O],
        arg: I,
        send_delay: timedelta | float | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> SendHandle:
        """Start a handler of a service without waiting for it.

        Args:
            tpe: the decorated function of the handler.
            arg: its input; None for a handler without one.
            send_delay: when to start it, as a `timedelta` or in seconds from now; None starts it at once.
            idempotency_key: a second send with the same key refers to the invocation of the first.
            headers: sent with the request.
        """
        callee = service_handler(tpe, "service_send")
        return issue_send(self._driver, callee, "", arg, send_delay, idempotency_key, headers)

    def object_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateDurableCallFuture[O]:
        """Call a handler of a virtual object and wait for its result. Arguments as in `service_call`."""
        callee = keyed_handler(tpe, key, "object_call")
        kind: type[RestateDurableCallFuture[O]] = RestateDurableCallFuture
        # One with an idempotency key may have ended before.
        if development.is_enabled() and idempotency_key is None and self._waits_for_itself(callee, key):
            kind = OwnKeyCallFuture
        return issue_call(self._driver, callee, key, arg, idempotency_key, headers, kind=kind)

    def object_send(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> SendHandle:
        """Start a handler of a virtual object without waiting for it. Arguments as in `service_send`."""
        callee = keyed_handler(tpe, key, "object_send")
        return issue_send(self._driver, callee, key, arg, send_delay, idempotency_key, headers)

    def _waits_for_itself(self, callee: Handler[Any, Any], key: str) -> bool:
        """Return whether a call waits until its caller has ended."""
        if callee.kind != "exclusive" or not isinstance(self, KeyValueStore):
            return False
        return self._driver.target.partition("/")[0] == callee.service and self._input.key == key

    def workflow_call(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> RestateDurableCallFuture[O]:
        """Call a handler of a workflow and wait for its result. Arguments as in `service_call`."""
        callee = keyed_handler(tpe, key, "workflow_call")
        return issue_call(self._driver, callee, key, arg, idempotency_key, headers)

    def workflow_send(
        self,
        tpe: HandlerType[I, O],
        key: str,
        arg: I,
        send_delay: timedelta | float | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> SendHandle:
        """Start a handler of a workflow without waiting for it. Arguments as in `service_send`."""
        callee = keyed_handler(tpe, key, "workflow_send")
        return issue_send(self._driver, callee, key, arg, send_delay, idempotency_key, headers)

    def generic_call(
        self,
        service: str,
        handler: str,
        arg: bytes,
        key: str | None = None,
        idempotency_key: str | None = None,
        headers: dict[str, str] | None = None,
        scope: str | None = None,
        limit_key: str | None = None,
    ) -> RestateDurableCallFuture[bytes]:
        """Call a handler by name, passing and returning raw bytes.

        Args:
            service: name of the service.
            handler: name of the handler.
            arg: its serialized input.
            key: key of the virtual object or workflow.
            idempotency_key: a second call with the same key attaches to the invocation of the first.
            headers: sent with the request.
            scope: see `scope()`; needs version 7 of the invocation protocol.
            limit_key: the concurrency limit within the scope that the invocation counts for.
        """
        callee = named_handler(service, handler, key, arg)
        return issue_call(self._driver, callee, key or "", arg, idempotency_key, headers, scope, limit_key)

    def generic_send(
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
    ) -> SendHandle:
        """Start a handler by name, passing raw bytes. Arguments as in `generic_call` and `service_send`."""
        callee = named_handler(service, handler, key, arg)
        return issue_send(
            self._driver, callee, key or "", arg, send_delay, idempotency_key, headers, scope, limit_key
        )

    def cancel_invocation(self, invocation_id: str) -> None:
        """Cancel an invocation.

        Raises:
            InvalidIdError: the id is malformed.
        """
        arguments.expect_text(invocation_id, "the invocation id of ctx.cancel_invocation")
        self._driver.issue("cancel an invocation").cancel_invocation(invocation_id)

    def attach_invocation(
        self,
        invocation_id: str,
        serde: Serde[T] = DefaultSerde(),  # noqa: B008  # never modified
        type_hint: type[T] | None = None,
    ) -> RestateDurableFuture[T]:
        """Wait for the result of an invocation.

        Raises:
            InvalidIdError: the id is malformed.
        """
        arguments.expect_text(invocation_id, "the invocation id of ctx.attach_invocation")
        serde = values.serde_for(serde, type_hint, "ctx.attach_invocation")
        driver = self._driver
        handle = driver.issue("attach to an invocation").attach_invocation(invocation_id)
        return RestateDurableFuture(driver, handle, serde, f"the result of {invocation_id}")
