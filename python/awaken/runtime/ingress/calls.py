"""The routes for calls and sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from awaken.control.errors import AlreadyInvokedError
from awaken.control.operations import Failure, InvocationRequest
from awaken.runtime.admission import check_access
from awaken.runtime.connected import while_connected
from awaken.runtime.durations import parse_duration
from awaken.runtime.ingress.answers import (
    IngressError,
    answer_completion,
    answer_failure,
    answer_json,
    nanoseconds,
)
from awaken.runtime.ingress.bodies import idempotency_key, read_headers
from awaken.runtime.ingress.paths import parse_invocation

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import Completion, Operations
    from awaken.runtime.ingress.bodies import RequestBodies
    from awaken.runtime.ingress.paths import Invocable, Mode
    from awaken.runtime.schema import Schema

__all__ = ["Calls"]

_METHODS: Final = ("GET", "POST")


class Calls:
    """Answers calls and sends.

    Args:
        operations: of the runtime.
        schema: the registered handlers.
        bodies: reads those of requests.
        patience_s: see `while_connected`.
    """

    def __init__(
        self, operations: Operations, schema: Schema, bodies: RequestBodies, patience_s: float
    ) -> None:
        self._operations = operations
        self._schema = schema
        self._bodies = bodies
        self._patience_s = patience_s

    async def answer(self, request: Request, segments: list[str], explicit: Mode | None = None) -> Response:
        """Answer a call or a send; the segments begin with the name of a service."""
        invocable = parse_invocation(self._schema, segments, explicit)
        if request.method not in _METHODS:
            raise IngressError(405, "method not allowed")
        if invocable.mode == "send":
            return await self._send(await self._read(request, invocable))
        # Not kept here: the body may be large, and the result may come in a week.
        return await self._call(request, self._operations.call(await self._read(request, invocable)))

    async def _call(self, request: Request, work: Coroutine[Any, Any, Completion]) -> Response:
        try:
            completion = await while_connected(request.receive, work, self._patience_s)
        except AlreadyInvokedError as error:
            failure = Failure(409, "the workflow method was already invoked")
            return answer_failure(error.invocation_id, failure)
        return answer_completion(completion, self._schema)

    async def _send(self, invocation: InvocationRequest) -> Response:
        accepted = await self._operations.send(invocation)
        at_ms = accepted.execution_time_ms
        body: dict[str, Any] = {"invocationId": accepted.invocation_id}
        if at_ms is not None:
            body["executionTime"] = nanoseconds(at_ms)
        body["status"] = "Accepted" if accepted.is_new else "PreviouslyAccepted"
        return answer_json(202, body, {"x-restate-id": accepted.invocation_id})

    async def _read(self, request: Request, invocable: Invocable) -> InvocationRequest:
        key = idempotency_key(request)
        check_access(invocable.service, invocable.handler, key)
        query: bytes = request.scope["query_string"]
        parameters = parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else []
        if "x-restate-limit-key" in request.headers or any(name == "limit-key" for name, _ in parameters):
            raise IngressError(400, "limit-key requires a scope to be set")
        delay = next((value for name, value in parameters if name.lower() == "delay"), None)
        delay_ms = None if delay is None else _read_delay(delay, invocable.mode)
        headers = read_headers(request)
        body = await self._bodies.read(request)
        return InvocationRequest(invocable.target, body, headers, idempotency_key=key, delay_ms=delay_ms)


def _read_delay(delay: str, mode: Mode) -> int:
    if mode == "call":
        raise IngressError(
            400, "cannot use the delay query parameter with calls. The delay is supported only with sends"
        )
    try:
        return round(parse_duration(delay).total_seconds() * 1000)
    except ValueError as error:
        raise IngressError(400, f"bad delay query parameter, must be a ISO8601 duration: {error}") from error
