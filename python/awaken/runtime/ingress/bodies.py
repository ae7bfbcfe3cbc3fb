"""What comes in besides the path: the body and the headers of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse

from awaken.runtime.ingress.answers import IngressError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = [
    "MAX_BODY_SIZE",
    "TooLargeError",
    "forwarded_headers",
    "idempotency_key",
    "raw_path",
    "read_body",
]

#: Largest request body in bytes: the server's own limit.
MAX_BODY_SIZE: Final = 32 * 1024 * 1024

#: Facts of the connection, or of the ingress itself, which are no business of a handler.
_KEPT_BACK: Final = frozenset(("host", "connection", "idempotency-key", "idempotency-expires"))


class TooLargeError(Exception):
    """The request announced a body that is too large; it was not read."""

    def response(self) -> Response:
        """Build the answer."""
        return PlainTextResponse("length limit exceeded", 413)


async def read_body(request: Request) -> bytes:
    """Read the body.

    Raises:
        TooLargeError: it is announced as larger than `MAX_BODY_SIZE`.
        IngressError: it turned out to be.
        starlette.requests.ClientDisconnect: the client left while sending.
    """
    length = request.headers.get("content-length")
    if length is not None and length.isdecimal() and int(length) > MAX_BODY_SIZE:
        raise TooLargeError
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_SIZE:
            raise IngressError(413, "cannot read body: LengthLimitError")
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def forwarded_headers(request: Request) -> list[tuple[str, str]]:
    """Return what the handler gets to see: path and query, then the first value of every header.

    Raises:
        IngressError: a value is not visible ASCII.
    """
    query = request.scope["query_string"]
    path = raw_path(request)
    headers = {"x-restate-ingress-path": f"{path}?{query.decode('latin-1')}" if query else path}
    for raw_name, raw_value in request.scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        if name in headers or name in _KEPT_BACK:
            continue
        headers[name] = _visible(name, raw_value)
    return list(headers.items())


def idempotency_key(request: Request) -> str | None:
    """Return the key that a client gave, which may be empty.

    Raises:
        IngressError: it is not visible ASCII.
    """
    for name, value in request.scope["headers"]:
        if name.lower() == b"idempotency-key":
            return _visible("idempotency-key", value)
    return None


def raw_path(request: Request) -> str:
    """Return the path as it was sent."""
    scope = request.scope
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.decode("latin-1")


def _visible(name: str, value: bytes) -> str:
    text = value.decode("latin-1")
    if not (text.isascii() and (text.isprintable() or text.replace("\t", "").isprintable())):
        raise IngressError(400, f"bad header {name}: ToStrError {{ _priv: () }}")
    return text
