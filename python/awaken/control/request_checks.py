"""What can be said of a request before a runtime sees it.

An error found here is the caller's, and no repetition helps. Over HTTP some of these would not even be refused, but
reach something else: a key `..` is a step up in the path, a header `content-length` cuts the body short.
"""

from __future__ import annotations

import re
import reprlib
from typing import TYPE_CHECKING, Final

from awaken.control.errors import InvalidRequestError
from awaken.control.headers import visible
from awaken.timing.time_limits import longest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from awaken.control.operations import InvocationRequest

__all__ = ["check_delay", "check_headers", "check_request", "check_text"]

#: Largest name, key, token or filter in bytes. URLs carry them, and a server takes 64 KB of those; a byte may become
#: three.
MAX_TEXT_SIZE: Final = 16 * 1024
#: All headers of a request, and how many: what HTTP/2 servers on hyper accept, with room for those of the connection.
MAX_HEADERS_SIZE: Final = 12 * 1024
MAX_HEADERS: Final = 80
#: What RFC 9113 counts for each header beside its name and value, in bytes.
_HEADER_OVERHEAD: Final = 32

#: As SDKs and runtimes allow.
_SERVICE: Final = re.compile(r"([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9._-]*")
_HANDLER: Final = re.compile(r"([a-zA-Z]|_[a-zA-Z0-9])[a-zA-Z0-9_]*")
#: The interfaces of an ingress that are no services.
_RESERVED: Final = frozenset(("restate", "openapi"))
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Facts of a connection, and how its bodies are framed.
_OF_CONNECTION: Final = frozenset(
    (
        *("connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade"),
    )
)


def check_request(request: InvocationRequest) -> None:
    """Check a call or a send.

    Raises:
        InvalidRequestError: its target, headers, idempotency key or delay can never be accepted.
    """
    target = request.target
    for what, name, pattern in (
        ("service", target.service, _SERVICE),
        ("handler", target.handler, _HANDLER),
    ):
        if not name:
            raise InvalidRequestError(f"the name of the {what} is missing")
        check_text(f"the name of the {what}", name)
        if not pattern.fullmatch(name) or (what == "service" and name.lower() in _RESERVED):
            raise InvalidRequestError(f"{reprlib.repr(name)} is not the name of a {what}")
    if target.key is not None:
        check_text("the key", target.key)
        if target.key in (".", ".."):
            raise InvalidRequestError(
                f"the key {target.key!r} cannot be carried in a URL, where it is a step in the path; choose another one"
            )
    if request.idempotency_key is not None:
        if not request.idempotency_key.strip():
            raise InvalidRequestError("the idempotency key is empty; leave it out, or give one")
        check_text("the idempotency key", request.idempotency_key)
        visible("idempotency-key", request.idempotency_key)
    check_headers(request.headers)
    check_delay(request.delay_ms)


def check_delay(delay_ms: int | None) -> None:
    """Check that a delay is one. Raises InvalidRequestError."""
    if delay_ms is not None and delay_ms < 0:
        raise InvalidRequestError(f"the delay of {delay_ms} ms is negative")
    if delay_ms is not None and delay_ms > longest():
        raise InvalidRequestError(
            f"the delay of {delay_ms} ms ends after the year 9999, the last one of dates"
        )


def check_text(what: str, text: str) -> None:
    """Check a text that travels in URLs, headers and questions. Raises InvalidRequestError."""
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_TEXT_SIZE:
        raise InvalidRequestError(f"{what} has {size} bytes; the most is {MAX_TEXT_SIZE}")
    if "\0" in text:
        raise InvalidRequestError(f"{what} has a NUL, which cannot be carried")


def check_headers(headers: Iterable[tuple[str, str]]) -> None:
    """Check headers for the handler. Raises InvalidRequestError."""
    listed: Sequence[tuple[str, str]] = list(headers)
    if len(listed) > MAX_HEADERS:
        raise InvalidRequestError(f"{len(listed)} headers are too many; the most is {MAX_HEADERS}")
    size = sum(len(name) + len(value) + _HEADER_OVERHEAD for name, value in listed)
    if size > MAX_HEADERS_SIZE:
        raise InvalidRequestError(
            f"the headers have {size} bytes; the most is {MAX_HEADERS_SIZE}: send large values in the body"
        )
    for name, value in listed:
        if not _HEADER_NAME.fullmatch(name):
            raise InvalidRequestError(f"{reprlib.repr(name)} is not the name of a header")
        if name.lower() in _OF_CONNECTION:
            raise InvalidRequestError(f"the header {name} belongs to a connection; leave it out")
        visible(name, value)
