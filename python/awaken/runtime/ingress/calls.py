"""The routes for calls and sends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from awaken.control.errors import AlreadyInvokedError
from awaken.control.operations import Failure, InvocationRequest
from awaken.runtime.admission import check_access
from awaken.runtime.durations import parse_duration
from awaken.runtime.ingress.answers import (
    Answer,
    IngressError,
    answer_completion,
    answer_failure,
    answer_json,
    nanoseconds,
)
from awaken.runtime.ingress.caller import Waiting
from awaken.runtime.ingress.paths import parse_invocation
from awaken.runtime.ingress.requests import idempotency_key, read_headers

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from awaken.control.operations import Accepted, Completion, Target
    from awaken.exchange import ServedExchange
    from awaken.runtime.callers import CallerOperations
    from awaken.runtime.ingress.caller import Finish
    from awaken.runtime.ingress.paths import Mode
    from awaken.runtime.schema import Schema

__all__ = ["Calls"]

_METHODS: Final = ("GET", "POST")


class Calls:
    """Answers calls and sends.

    Args:
        operations: of the runtime.
        schema: the registered handlers.
    """

    def __init__(self, operations: CallerOperations, schema: Schema) -> None:
        self._operations = operations
        self._schema = schema

    def answer(self, exchange: ServedExchange, segments: list[str], explicit: Mode | None = None) -> Finish:
        """Answer a call or a send; the segments begin with the name of a service."""
        invocable = parse_invocation(self._schema, segments, explicit)
        if exchange.method not in _METHODS:
            raise IngressError(405, "method not allowed")
        key = idempotency_key(exchange)
        check_access(invocable.service, invocable.handler, key)
        query = exchange.query
        parameters = parse_qsl(query, keep_blank_values=True) if query else []
        if "x-restate-limit-key" in exchange.headers or any(name == "limit-key" for name, _ in parameters):
            raise IngressError(400, "limit-key requires a scope to be set")
        delay = next((value for name, value in parameters if name.lower() == "delay"), None)
        delay_ms = None if delay is None else _read_delay(delay, invocable.mode)
        headers = read_headers(exchange)
        if invocable.mode == "send":
            return partial(self._send, invocable.target, headers, key, delay_ms)
        return partial(self._call, invocable.target, headers, key)

    def _call(
        self, target: Target, headers: Sequence[tuple[str, str]], key: str | None, body: bytes
    ) -> Answer | Waiting:
        try:
            result = self._operations.begin_call(InvocationRequest(target, body, headers, key))
        except AlreadyInvokedError as error:
            return _already_invoked(error)
        return Waiting(result, self._tell_result, is_result=True)

    def _tell_result(self, result: asyncio.Future[Completion]) -> Answer:
        try:
            return answer_completion(result.result(), self._schema)
        except AlreadyInvokedError as error:
            return _already_invoked(error)

    def _send(
        self,
        target: Target,
        headers: Sequence[tuple[str, str]],
        key: str | None,
        delay_ms: int | None,
        body: bytes,
    ) -> Waiting:
        request = InvocationRequest(target, body, headers, idempotency_key=key, delay_ms=delay_ms)
        pledge = self._operations.begin_send(request)
        return Waiting(pledge.committed, partial(_tell_accepted, pledge.value))


def _tell_accepted(accepted: Accepted, committed: asyncio.Future[None]) -> Answer:
    committed.result()
    at_ms = accepted.execution_time_ms
    body: dict[str, Any] = {"invocationId": accepted.invocation_id}
    if at_ms is not None:
        body["executionTime"] = nanoseconds(at_ms)
    body["status"] = "Accepted" if accepted.is_new else "PreviouslyAccepted"
    return answer_json(202, body, {"x-restate-id": accepted.invocation_id})


def _already_invoked(error: AlreadyInvokedError) -> Answer:
    return answer_failure(error.invocation_id, Failure(409, "the workflow method was already invoked"))


def _read_delay(delay: str, mode: Mode) -> int:
    if mode == "call":
        raise IngressError(
            400, "cannot use the delay query parameter with calls. The delay is supported only with sends"
        )
    try:
        return round(parse_duration(delay).total_seconds() * 1000)
    except ValueError as error:
        raise IngressError(400, f"bad delay query parameter, must be a ISO8601 duration: {error}") from error
