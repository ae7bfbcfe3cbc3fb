"""The commands of calls and sends, of a context or within a scope."""

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
from awaken.serde import BytesSerde
from awaken.timing import time_limits

if TYPE_CHECKING:
    from datetime import timedelta

    from awaken.context.durable_future import FutureDriver
    from awaken.serde import Serde

__all__ = ["Callee", "NamedHandler", "issue_call", "issue_send", "named_handler"]

_BYTES: Serde[bytes] = BytesSerde()


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


class NamedHandler(NamedTuple):
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
    *,
    kind: type[RestateDurableCallFuture[O]] = RestateDurableCallFuture,
) -> RestateDurableCallFuture[O]:
    """Issue a call, and return a future of this kind."""
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
    return kind(driver, result, callee.output_serde, f"call {target}", invocation)


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


def named_handler(service: str, handler: str, key: str | None, arg: bytes) -> NamedHandler:
    """Return a handler known by name, after a check of the arguments of a generic call or send."""
    arguments.expect_text(service, "the service of a generic call")
    arguments.expect_text(handler, "the handler of a generic call")
    if key is not None:
        arguments.expect_text(key, f"the key of {service}/{handler}")
    arguments.expect_bytes(arg, f"the argument of {service}/{handler}")
    return NamedHandler(service, handler)


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
