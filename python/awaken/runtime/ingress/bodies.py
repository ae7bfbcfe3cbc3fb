"""Reads the body and the headers of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

from awaken.control.errors import TooLargeError as LimitError
from awaken.control.headers import INGRESS_PATH, forwarded_headers, visible
from awaken.runtime.bodies import BodyRoom, TooSlowError, announced_size
from awaken.runtime.ingress.answers import IngressError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = [
    "RequestBodies",
    "TooLargeError",
    "idempotency_key",
    "raw_path",
    "read_headers",
]


class TooLargeError(Exception):
    """The request announces a body that is too large. It was not read."""

    def response(self) -> Response:
        """Build the response."""
        return PlainTextResponse("length limit exceeded", 413)


class RequestBodies:
    """Reads the bodies of requests.

    Args:
        limit: the largest size in bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._room = BodyRoom()

    async def read(self, request: Request) -> bytes:
        """Read the body of a request.

        Raises:
            TooLargeError: it is announced as larger than the limit.
            IngressError: it turned out to be larger, or is too slow.
            UnavailableError: too many bodies are being read.
            starlette.requests.ClientDisconnect: the client disconnected while sending.
        """
        size = announced_size(request.headers.get("content-length"))
        if size is not None and size > self._limit:
            raise TooLargeError
        try:
            return await self._room.read(request, self._limit)
        except LimitError as error:
            raise IngressError(413, "cannot read body: LengthLimitError") from error
        except TooSlowError as error:
            raise IngressError(408, f"cannot read body: {error}") from error


def read_headers(request: Request) -> list[tuple[str, str]]:
    """Return the headers that the handler gets: path and query, then the first value of every header.

    Raises:
        InvalidRequestError: a value is not visible ASCII.
    """
    query = request.scope["query_string"]
    path = raw_path(request)
    headers = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.scope["headers"])
    ingress_path = f"{path}?{query.decode('latin-1')}" if query else path
    return [(INGRESS_PATH, ingress_path), *forwarded_headers(headers)]


def idempotency_key(request: Request) -> str | None:
    """Return the idempotency key of a request, which may be empty; None if it has none.

    Raises:
        InvalidRequestError: it is not visible ASCII.
    """
    for name, value in request.scope["headers"]:
        if name.lower() == b"idempotency-key":
            return visible("idempotency-key", value.decode("latin-1"))
    return None


def raw_path(request: Request) -> str:
    """Return the path as it was sent, still encoded."""
    scope = request.scope
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1")
