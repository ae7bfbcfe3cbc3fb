"""The responses of the ingress: errors in the form of the server, results as the handler returned them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal

from starlette.responses import Response

from awaken.control.operations import Success
from awaken.timing.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.control.operations import Completion, Failure
    from awaken.runtime.schema import Schema

__all__ = [
    "IngressError",
    "allow_origin",
    "answer_completion",
    "answer_failure",
    "answer_json",
    "error_answer",
    "nanoseconds",
]

Source = Literal["ingress", "invocation"]

#: Characters of a refusal, which may quote what was sent.
_MAX_MESSAGE: Final = 4_000
_VARY: Final = "origin, access-control-request-method, access-control-request-headers"
#: Statuses that have no body in HTTP.
_BODILESS: Final = (204, 304)


class IngressError(Exception):
    """The request is refused; no invocation is affected.

    Args:
        status: of the response, and the code in its body.
        message: for the caller.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def error_answer(status: int, message: str) -> Response:
    """Build the response to a refused request."""
    return _error(status, {"code": status, "message": message[:_MAX_MESSAGE]}, "ingress", {})


def answer_failure(invocation_id: str, failure: Failure, expires_at_ms: int | None = None) -> Response:
    """Build the response for an invocation that ended with a terminal error."""
    body: dict[str, Any] = {"code": failure.code, "message": failure.message}
    if failure.metadata:
        body["metadata"] = dict(failure.metadata)
    if failure.stacktrace:
        body["stacktrace"] = failure.stacktrace
    # A 1xx does not end a response: the client would keep waiting.
    status = failure.code if 200 <= failure.code <= 999 else 500
    return _error(status, body, "invocation", _headers(invocation_id, expires_at_ms))


def answer_completion(completion: Completion, schema: Schema) -> Response:
    """Build the response for an invocation that has completed."""
    result = completion.result
    if not isinstance(result, Success):
        return answer_failure(completion.invocation_id, result, completion.expires_at_ms)
    headers = _headers(completion.invocation_id, completion.expires_at_ms)
    target = completion.target
    handler = None if target is None else schema.handler(target.service, target.handler)
    if handler is not None and (result.value or handler.output.set_content_type_if_empty):
        content_type = handler.output.content_type
        if content_type is not None:
            headers["content-type"] = content_type
    return Response(result.value, headers=headers)


def answer_json(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """Build a response with a JSON document."""
    return Response(_dump(body), status, {**headers, "content-type": "application/json"})


def nanoseconds(at_ms: int) -> str:
    """Format a time as responses to sends do, with nine fractional digits."""
    return format_time(at_ms, end="000000Z")


def allow_origin(headers: Mapping[str, str], response: Response) -> None:
    """Let the page that asked read the answer."""
    response.headers["vary"] = _VARY
    response.headers["access-control-allow-credentials"] = "true"
    origin = headers.get("origin")
    if origin is not None:
        response.headers["access-control-allow-origin"] = origin


def _error(status: int, body: dict[str, Any], source: Source, headers: dict[str, str]) -> Response:
    headers["x-restate-error-source"] = source
    headers["content-type"] = "application/json"
    content = b"" if status in _BODILESS else _dump({**body, "source": source})
    return Response(content, status, headers)


def _headers(invocation_id: str, expires_at_ms: int | None) -> dict[str, str]:
    headers = {"x-restate-id": invocation_id}
    if expires_at_ms is not None:
        headers["idempotency-expires"] = format_time(expires_at_ms, end="+00:00")
    return headers


def _dump(document: Mapping[str, Any]) -> bytes:
    # Lone surrogates, from JSON of a client, must not make the response fail.
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
