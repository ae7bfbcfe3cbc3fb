"""Endpoints as AWS Lambda functions: one event in, one result out, in request/response mode.

The event has the shape of a proxy event of an API gateway, with bodies in base64. Lambda limits a request and a
response to 6 MB each; with the extra `zstd`, large ones are compressed (specification 1.9).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import weakref
from typing import TYPE_CHECKING, Any, Final

from awaken.transports.guard import accept_exchange, deliver
from awaken.transports.hosted.collected_exchange import CollectedExchange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.exchange import Accept

__all__ = ["COMPRESSION_THRESHOLD", "LARGEST_BODY", "LambdaHandler", "is_zstd_installed"]

#: Size in bytes above which responses are compressed, if the peer accepts that; the official SDK has the same.
COMPRESSION_THRESHOLD: Final = 3 * 1024 * 1024

#: Largest request body after decompression, in bytes: forty times the size of the largest event, and small enough for a
#: function with the usual 512 MB.
LARGEST_BODY: Final = 256 * 1024 * 1024

#: Seconds for handlers to unwind.
_UNWINDING_TIME: Final = 1.0


class LambdaHandler:
    """A Lambda function, called as `handler(event, context)`.

    Args:
        accept: called with each request.
    """

    def __init__(self, accept: Accept) -> None:
        self._accept = accept
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self, event: Any, context: Any = None) -> dict[str, Any]:
        """Answer one event. Never raises because of the event: a status says what is wrong with it."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            weakref.finalize(self, self._loop.close)
        return self._loop.run_until_complete(self._answer(event))

    async def _answer(self, event: Any) -> dict[str, Any]:
        try:
            exchange, body = _read_event(event)
        except _EventError as error:
            return _refusal(error.status, str(error))
        accept_exchange(self._accept, exchange)
        if body:
            deliver(exchange, exchange.receiver.receive_data, body)
        deliver(exchange, exchange.receiver.receive_end)
        await exchange.wait_over()
        # The process freezes when this returns, so what is left of the handler has to be unwound before.
        if leftovers := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(leftovers, timeout=_UNWINDING_TIME)
        return _result(exchange)


def is_zstd_installed() -> bool:
    """Return whether the extra `zstd` is installed."""
    try:
        import zstandard  # noqa: F401
    except ImportError:
        return False
    return True


class _EventError(ValueError):
    """An event is not one that a runtime sends."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _read_event(event: Any) -> tuple[CollectedExchange, bytes]:
    if not isinstance(event, dict):
        raise _EventError(400, f"the event is a {type(event).__name__}, not an object")
    path, method = _text(event, "path"), _text(event, "httpMethod")
    given = event.get("headers")
    if given is None:
        given = {}
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise _EventError(400, "the event's headers are not an object of strings")
    headers = {str(name).lower(): value for name, value in given.items()}
    exchange = CollectedExchange(method.upper(), path.partition("?")[0], headers)
    return exchange, _decode_body(event, headers.get("content-encoding"))


def _text(event: Mapping[str, Any], field: str) -> str:
    value = event.get(field)
    if not isinstance(value, str) or not value:
        raise _EventError(
            400,
            f"the event has no {field}; this function is to be invoked by a runtime that has registered it",
        )
    return value


def _decode_body(event: Mapping[str, Any], encoding: str | None) -> bytes:
    text = event.get("body")
    if text is None:
        text = ""
    if not isinstance(text, str):
        raise _EventError(400, f"the event's body is a {type(text).__name__}, not a string")
    if event.get("isBase64Encoded", False):
        try:
            body = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise _EventError(400, f"the event's body is not base64: {error}") from None
    else:
        body = text.encode("utf-8", "surrogatepass")
    if encoding is None or encoding.lower() == "identity":
        return body
    if encoding.lower() != "zstd" or not is_zstd_installed():
        raise _EventError(415, f"content-encoding {encoding!r} is not supported here; use identity")
    return _decompress(body)


def _decompress(body: bytes) -> bytes:
    import zstandard

    pieces = []
    size = 0
    try:
        with zstandard.ZstdDecompressor().stream_reader(body) as reader:
            while piece := reader.read(1 << 20):
                size += len(piece)
                if size > LARGEST_BODY:
                    raise _EventError(413, f"the event's body has more than {LARGEST_BODY} bytes")
                pieces.append(piece)
    except zstandard.ZstdError as error:
        raise _EventError(400, f"the event's body is not zstd: {error}") from None
    return b"".join(pieces)


def _result(exchange: CollectedExchange) -> dict[str, Any]:
    if exchange.is_reset:
        return _refusal(500, "the exchange was given up before its response was complete")
    # It is the length of the body inside the envelope; the peer that unpacks the envelope counts anew.
    headers = {name: value for name, value in exchange.response_headers if name != "content-length"}
    body = exchange.body
    if len(body) > COMPRESSION_THRESHOLD and _accepts_zstd(exchange.headers) and is_zstd_installed():
        import zstandard

        body = zstandard.ZstdCompressor(level=3).compress(body)
        headers["content-encoding"] = "zstd"
    return {
        "statusCode": exchange.status,
        "headers": headers,
        "isBase64Encoded": True,
        "body": base64.b64encode(body).decode("ascii"),
    }


def _accepts_zstd(headers: Mapping[str, str]) -> bool:
    accepted = headers.get("accept-encoding", "").lower().split(",")
    return any(encoding.partition(";")[0].strip() == "zstd" for encoding in accepted)


def _refusal(status: int, reason: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "text/plain; charset=utf-8"},
        "isBase64Encoded": False,
        "body": reason,
    }
