"""Calls and sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from awaken.control.operations import AlreadyInvokedError, Failure, InvocationRequest
from awaken.runtime.durations import parse_duration
from awaken.runtime.ingress.answers import (
    IngressError,
    answer_completion,
    answer_failure,
    answer_json,
    nanoseconds,
)
from awaken.runtime.ingress.bodies import forwarded_headers, idempotency_key, read_body
from awaken.runtime.ingress.paths import parse_invocation
from awaken.runtime.ingress.validation import check_input
from awaken.runtime.ingress.waiting import while_connected
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import Operations
    from awaken.runtime.ingress.paths import Invocable, Mode
    from awaken.runtime.schema import Schema

__all__ = ["Calls"]

_METHODS: Final = ("GET", "POST")


class Calls:
    """Turns requests into invocations.

    Args:
        operations: what runs them.
        schema: what can be invoked.
        now_ms: the time, as UTC milliseconds.
        patience_s: see `while_connected`.
    """

    def __init__(
        self, operations: Operations, schema: Schema, now_ms: Callable[[], int], patience_s: float
    ) -> None:
        self._operations = operations
        self._schema = schema
        self._now_ms = now_ms
        self._patience_s = patience_s

    async def answer(self, request: Request, segments: list[str], explicit: Mode | None = None) -> Response:
        """Answer a call or a send; the segments begin with the name of a service."""
        invocable = parse_invocation(self._schema, segments, explicit)
        if request.method not in _METHODS:
            raise IngressError(405, "method not allowed")
        invocation = await self._read(request, invocable)
        if invocable.mode == "send":
            return await self._send(invocation)
        return await self._call(request, invocation)

    async def _call(self, request: Request, invocation: InvocationRequest) -> Response:
        try:
            completion = await while_connected(
                request.receive, self._operations.call(invocation), self._patience_s
            )
        except AlreadyInvokedError as error:
            failure = Failure(409, "the workflow method was already invoked")
            return answer_failure(error.invocation_id, failure)
        return answer_completion(completion, self._schema)

    async def _send(self, invocation: InvocationRequest) -> Response:
        accepted = await self._operations.send(invocation)
        at_ms = accepted.execution_time_ms
        if accepted.is_new and invocation.execution_time_ms is not None:
            at_ms = invocation.execution_time_ms  # also of a delay of nothing
        body: dict[str, Any] = {"invocationId": accepted.invocation_id}
        if at_ms is not None:
            body["executionTime"] = nanoseconds(at_ms)
        body["status"] = "Accepted" if accepted.is_new else "PreviouslyAccepted"
        return answer_json(202, body, {"x-restate-id": accepted.invocation_id})

    async def _read(self, request: Request, invocable: Invocable) -> InvocationRequest:
        if not (invocable.service.is_public and invocable.handler.is_public):
            raise IngressError(400, "the invoked service is not public")
        query: bytes = request.scope["query_string"]
        parameters = parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else []
        if "x-restate-limit-key" in request.headers or any(name == "limit-key" for name, _ in parameters):
            raise IngressError(400, "limit-key requires a scope to be set")
        delay = next((value for name, value in parameters if name.lower() == "delay"), None)
        key = idempotency_key(request)
        if key is not None and invocable.handler.is_workflow_run:
            raise IngressError(
                400,
                "cannot use the idempotency key with workflow handlers. The handler invocation will already be "
                "idempotent by the workflow key itself.",
            )
        execution_time_ms = None if delay is None else self._due(delay, invocable.mode)
        headers = forwarded_headers(request)
        body = await read_body(request)
        check_input(invocable.handler, request.headers.get("content-type"), body)
        return InvocationRequest(
            invocable.target,
            body,
            headers,
            idempotency_key=key,
            execution_time_ms=execution_time_ms,
        )

    def _due(self, delay: str, mode: Mode) -> int:
        if mode == "call":
            raise IngressError(
                400,
                "cannot use the delay query parameter with calls. The delay is supported only with sends",
            )
        try:
            duration = parse_duration(delay)
        except ValueError as error:
            raise IngressError(
                400, f"bad delay query parameter, must be a ISO8601 duration: {error}"
            ) from error
        due_ms = self._now_ms() + round(duration.total_seconds() * 1000)
        if due_ms > LAST_MS:
            raise IngressError(
                400,
                f"bad delay query parameter: {delay!r} from now is after the year 9999, the last one of dates",
            )
        return due_ms
