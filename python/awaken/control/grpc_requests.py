"""Messages of the gRPC services as requests of `Operations`, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from awaken.control.errors import InvalidRequestError
from awaken.control.headers import forwarded_headers
from awaken.control.operations import STATUSES, InvocationRequest, Target
from awaken.control.request_checks import check_headers, check_request, check_text

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration

    from awaken.control.v1 import invocations_pb2

__all__ = [
    "delay",
    "filters",
    "interval",
    "invocation_request",
    "page_size",
    "page_token",
    "wanted_statuses",
]

DEFAULT_PAGE: Final = 100
LARGEST_PAGE: Final = 1000
#: Longest token of a page; those of both runtimes have three numbers at most.
_TOKEN_SIZE: Final = 100
DEFAULT_INTERVAL_SECONDS: Final = 0.5
SHORTEST_INTERVAL_SECONDS: Final = 0.05
#: Nobody who looks once a day watches.
LONGEST_INTERVAL_SECONDS: Final = 86_400.0
_NANOS: Final = 1_000_000_000


def invocation_request(
    message: invocations_pb2.InvokeRequest | invocations_pb2.SendRequest, delay_ms: int | None = None
) -> InvocationRequest:
    """Return a call or a send.

    Raises:
        InvalidRequestError: the runtime would never accept it.
    """
    target = message.target
    given = [(name, value.strip(" \t")) for name, value in message.headers.items()]
    content_type = message.content_type.strip(" \t")
    check_headers([*given, ("content-type", content_type)])
    headers = dict(forwarded_headers(given))
    if message.body or content_type:
        headers["content-type"] = content_type or "application/json"
    key, idempotency_key = optional(target, "key"), optional(message, "idempotency_key")
    request = InvocationRequest(
        Target(target.service, target.handler, key),
        message.body,
        list(headers.items()),
        idempotency_key=idempotency_key,
        delay_ms=delay_ms,
    )
    check_request(request)
    return request


def delay(message: invocations_pb2.SendRequest) -> int | None:
    """Return the delay of a send in milliseconds. Raises InvalidRequestError."""
    if not message.HasField("delay"):
        return None
    return int(_nanoseconds("delay", message.delay) // 1_000_000)


def interval(asked: Duration) -> float:
    """Return the interval of a watch in seconds. Raises InvalidRequestError."""
    seconds = _nanoseconds("interval", asked) / _NANOS
    if not 0 <= seconds <= LONGEST_INTERVAL_SECONDS:
        raise InvalidRequestError(
            f"the interval of {seconds:g} s is not between 0 and {LONGEST_INTERVAL_SECONDS:g} s"
        )
    return max(seconds, SHORTEST_INTERVAL_SECONDS) if seconds else DEFAULT_INTERVAL_SECONDS


def page_size(asked: int) -> int:
    """Return the size of a page."""
    return min(asked or DEFAULT_PAGE, LARGEST_PAGE)


def page_token(token: str) -> str:
    """Return the token of a page, as far as it can be checked here. Raises InvalidRequestError."""
    if len(token) > _TOKEN_SIZE:
        raise InvalidRequestError(
            f"a text of {len(token)} characters is not a page token; use the one of the answer before"
        )
    return token


def filters(message: Any, *names: str) -> list[str | None]:
    """Return what a list is limited to. Raises InvalidRequestError."""
    values = [optional(message, name) for name in names]
    for name, value in zip(names, values, strict=True):
        if value is not None:
            check_text(f"the {name}", value)
    return values


def wanted_statuses(given: Any) -> list[str]:
    """Return each status once. Raises InvalidRequestError for one that there is not."""
    wanted = list(dict.fromkeys(given))
    for status in wanted:
        if status not in STATUSES:
            raise InvalidRequestError(
                f"there is no status {status[:40]!r}; it is one of {', '.join(STATUSES)}"
            )
    return wanted


def optional(message: Any, name: str) -> str | None:
    """Return a field; None if it is absent."""
    return getattr(message, name) if message.HasField(name) else None


def _nanoseconds(what: str, given: Duration) -> int:
    """Return a duration; Python's own has no room for all that the message can have."""
    seconds, nanos = given.seconds, given.nanos
    if abs(nanos) >= _NANOS or (seconds > 0 > nanos) or (seconds < 0 < nanos):
        raise InvalidRequestError(f"the {what} of {seconds} s and {nanos} ns is not a duration")
    return seconds * _NANOS + nanos
