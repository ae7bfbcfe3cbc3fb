"""The answers of the ingress: errors in the form of the server, results as the handler returned them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from awaken.control.operations import Success
from awaken.timing.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.control.operations import Completion, Failure
    from awaken.exchange import ServedExchange
    from awaken.runtime.schema import Schema

__all__ = [
    "Answer",
    "IngressError",
    "answer_completion",
    "answer_failure",
    "answer_json",
    "error_answer",
    "nanoseconds",
    "respond",
]

Source = Literal["ingress", "invocation"]
Headers: TypeAlias = list[tuple[str, str]]

#: Characters of a refusal, which may quote what was sent.
_MAX_MESSAGE: Final = 4_000
#: For browsers, on every answer that a page may read.
_FOR_PAGES: Final = (
    ("vary", "origin, access-control-request-method, access-control-request-headers"),
    ("access-control-allow-credentials", "true"),
)
#: Statuses that have no body in HTTP.
_BODILESS: Final = (204, 304)


@dataclass(slots=True)
class Answer:
    """A whole response, but for its length and what every answer has."""

    status: int = 200
    headers: Headers = field(default_factory=list)
    body: bytes = b""


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


def respond(exchange: ServedExchange, answer: Answer) -> None:
    """Send an answer, and let the page that asked read it."""
    headers = answer.headers
    if answer.status not in _BODILESS:
        headers.append(("content-length", str(len(answer.body))))
    headers += _FOR_PAGES
    origin = exchange.headers.get("origin")
    if origin is not None:
        headers.append(("access-control-allow-origin", origin))
    exchange.respond(answer.status, headers, answer.body)


def error_answer(status: int, message: str) -> Answer:
    """Build the answer to a refused request."""
    return _error(status, {"code": status, "message": message[:_MAX_MESSAGE]}, "ingress", [])


def answer_failure(invocation_id: str, failure: Failure, expires_at_ms: int | None = None) -> Answer:
    """Build the answer for an invocation that ended with a terminal error."""
    body: dict[str, Any] = {"code": failure.code, "message": failure.message}
    if failure.metadata:
        body["metadata"] = dict(failure.metadata)
    if failure.stacktrace:
        body["stacktrace"] = failure.stacktrace
    # A 1xx does not end a response: the client would keep waiting.
    status = failure.code if 200 <= failure.code <= 999 else 500
    return _error(status, body, "invocation", _headers(invocation_id, expires_at_ms))


def answer_completion(completion: Completion, schema: Schema) -> Answer:
    """Build the answer for an invocation that has completed."""
    result = completion.result
    if not isinstance(result, Success):
        return answer_failure(completion.invocation_id, result, completion.expires_at_ms)
    headers = _headers(completion.invocation_id, completion.expires_at_ms)
    target = completion.target
    handler = None if target is None else schema.handler(target.service, target.handler)
    if handler is not None and (result.value or handler.output.set_content_type_if_empty):
        content_type = handler.output.content_type
        if content_type is not None:
            headers.append(("content-type", content_type))
    return Answer(200, headers, result.value)


def answer_json(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Answer:
    """Build an answer with a JSON document."""
    return Answer(status, [*headers.items(), ("content-type", "application/json")], _dump(body))


def nanoseconds(at_ms: int) -> str:
    """Format a time as answers to sends do, with nine fractional digits."""
    return format_time(at_ms, end="000000Z")


def _error(status: int, body: dict[str, Any], source: Source, headers: Headers) -> Answer:
    headers += (("x-restate-error-source", source), ("content-type", "application/json"))
    return Answer(status, headers, b"" if status in _BODILESS else _dump({**body, "source": source}))


def _headers(invocation_id: str, expires_at_ms: int | None) -> Headers:
    headers = [("x-restate-id", invocation_id)]
    if expires_at_ms is not None:
        headers.append(("idempotency-expires", format_time(expires_at_ms, end="+00:00")))
    return headers


def _dump(document: Mapping[str, Any]) -> bytes:
    # Lone surrogates, from JSON of a client, must not make the response fail.
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
