"""Calls and sends to other handlers, and operations on invocations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from awaken.context.futures import (
    RestateDurableCallFuture,
    RestateDurableFuture,
    SendHandle,
    StartedInvocation,
)
from awaken.errors import UsageError
from awaken.handler import arguments, values
from awaken.handler.handler import I, O
from awaken.handler.lookup import keyed_handler, service_handler
from awaken.serde import BytesSerde
from awaken.serde.default import DefaultSerde, T
from awaken.timing import time_limits

if TYPE_CHECKING:
    from datetime import timedelta

    from awaken.context.driver import Driver
    from awaken.context.durable_future import FutureDriver
    from awaken.handler.handler import HandlerType
    from awaken.serde import Serde

__all__ = ["Calls", "issue_call", "issue_send"]

_BYTES: Serde[bytes] = BytesSerde()


class Calls:
    """Calls other handlers, and attaches to or cancels invocations."""

    __slots__ = ()

    _driver: Driver

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
        return issue_call(self._driver, callee, key, arg, idempotency_key, headers)

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
        callee = _named(service, handler, key, arg)
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
        callee = _named(service, handler, key, arg)
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


class Callee(Protocol[I, O]):
    """The handler of a call or a send."""

    @property
    def service(self) -> str:
        """Name of its service."""
        ...

    @property
    def name(self) -> str:
        """Name of the handler."""
        ...

    @property
    def input_serde(self) -> Serde[I]:
        """Serializes the argument."""
        ...

    @property
    def output_serde(self) -> Serde[O]:
        """Deserializes the result."""
        ...


class _NamedHandler(NamedTuple):
    """A handler known by name only, which takes and returns bytes."""

    service: str
    name: str
    input_serde: Serde[bytes] = _BYTES
    output_serde: Serde[bytes] = _BYTES


def issue_call(
    driver: FutureDriver,
    callee: Callee[I, O],
    key: str,
    arg: I,
    idempotency_key: str | None,
    headers: dict[str, str] | None,
    scope: str | None = None,
    limit_key: str | None = None,
) -> RestateDurableCallFuture[O]:
    """Issue a call."""
    service, handler = callee.service, callee.name
    target = f"{service}/{handler}"
    body = values.write(callee.input_serde, arg, f"the argument of a call to {target}")
    _check_options(idempotency_key, scope, limit_key, target)
    pairs = arguments.headers_of(headers, f"a call to {target}") if headers else ()
    identifier, result = driver.issue(f"call {target}").call(
        service,
        handler,
        body,
        key=key,
        headers=pairs,
        idempotency_key=idempotency_key,
        scope=scope,
        limit_key=limit_key,
    )
    invocation = StartedInvocation(
        RestateDurableFuture(driver, identifier, None, f"the invocation id of {target}")
    )
    return RestateDurableCallFuture(driver, result, callee.output_serde, f"call {target}", invocation)


def issue_send(
    driver: FutureDriver,
    callee: Callee[I, O],
    key: str,
    arg: I,
    send_delay: timedelta | float | None,
    idempotency_key: str | None,
    headers: dict[str, str] | None,
    scope: str | None = None,
    limit_key: str | None = None,
) -> SendHandle:
    """Issue a send."""
    service, handler = callee.service, callee.name
    target = f"{service}/{handler}"
    body = values.write(callee.input_serde, arg, f"the argument of a send to {target}")
    _check_options(idempotency_key, scope, limit_key, target)
    pairs = arguments.headers_of(headers, f"a send to {target}") if headers else ()
    invoke_time = 0
    if send_delay is not None:
        invoke_time = time_limits.moment_after(send_delay, f"send_delay of a send to {target}")
    identifier = driver.issue(f"send to {target}").send(
        service,
        handler,
        body,
        key=key,
        invoke_time_ms=invoke_time,
        headers=pairs,
        idempotency_key=idempotency_key,
        scope=scope,
        limit_key=limit_key,
    )
    return SendHandle(RestateDurableFuture(driver, identifier, None, f"the invocation id of {target}"))


def _check_options(
    idempotency_key: str | None, scope: str | None, limit_key: str | None, target: str
) -> None:
    if idempotency_key is None and scope is None and limit_key is None:
        return
    arguments.expect_key(idempotency_key, f"the idempotency_key of {target}")
    if scope is not None:
        arguments.expect_text(scope, f"the scope of {target}")
    if limit_key is not None:
        arguments.expect_text(limit_key, f"the limit_key of {target}")
        if scope is None:
            raise UsageError(
                f"limit_key {limit_key!r} needs a scope: it names what shares a limit within one"
            )


def _named(service: str, handler: str, key: str | None, arg: bytes) -> _NamedHandler:
    arguments.expect_text(service, "the service of a generic call")
    arguments.expect_text(handler, "the handler of a generic call")
    if key is not None:
        arguments.expect_text(key, f"the key of {service}/{handler}")
    arguments.expect_bytes(arg, f"the argument of {service}/{handler}")
    return _NamedHandler(service, handler)
