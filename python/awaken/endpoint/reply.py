"""Responses that are known at once: answers to discovery and health checks, and refusals."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from awaken import _core

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.exchange import Exchange

log = logging.getLogger("awaken")

#: The header that names the server, of every response.
SERVER: Final = ("x-restate-server", f"awaken/{_core.__version__}")

#: The headers of responses to invocations, by version of the protocol. They repeat the content type of the request.
INVOKED: Final = {
    version: (("content-type", _core.content_type(version)), SERVER)
    for version in range(_core.MIN_PROTOCOL_VERSION, _core.MAX_PROTOCOL_VERSION + 1)
}

_TEXT: Final = ("content-type", "text/plain; charset=utf-8")


def answer(exchange: Exchange, status: int, body: bytes, content_type: str) -> Reply:
    """Send this body."""
    return Reply(exchange, status, (("content-type", content_type), SERVER), body)


def refuse(exchange: Exchange, status: int, reason: str) -> Reply:
    """Send the reason why the request is not served, and log it."""
    log.info("%s %s: %d %s", exchange.method, exchange.path, status, reason)
    return Reply(exchange, status, (_TEXT, SERVER), reason.encode("utf-8", "backslashreplace"))


def refuse_method(exchange: Exchange, allowed: str) -> Reply:
    """Send which method the path takes."""
    reason = f"method {exchange.method} is not possible here; use {allowed}"
    return Reply(exchange, 405, (_TEXT, ("allow", allowed), SERVER), reason.encode())


def reject_stranger(exchange: Exchange) -> Reply:
    """Refuse a request without a known key. The reason is in our log only: strangers are not helped."""
    return Reply(exchange, 401, (SERVER,), b"")


class Reply:
    """Sends a fixed response and discards the rest of the request. Implements Receiver."""

    __slots__ = ("_answer", "_exchange")

    def __init__(
        self, exchange: Exchange, status: int, headers: Sequence[tuple[str, str]], body: bytes
    ) -> None:
        """Answer now, or after the whole request if the peer reads no response before that."""
        self._exchange = exchange
        self._answer: tuple[int, Sequence[tuple[str, str]], bytes] | None = (
            status,
            [*headers, ("content-length", str(len(body)))],
            b"" if exchange.method == "HEAD" else body,
        )
        if exchange.is_bidirectional:
            self._send()

    def receive_data(self, data: bytes) -> None:
        """Discard."""
        self._exchange.acknowledge(len(data))

    def receive_end(self) -> None:
        """Answer a peer that reads no response before it has sent its whole request."""
        self._send()

    def disconnect(self) -> None:
        """Drop the answer."""
        self._answer = None

    def resume_writing(self) -> None:
        """Nothing waits: the body is small."""

    def drain(self) -> None:
        """Do nothing: the answer is known."""

    def _send(self) -> None:
        if self._answer is None:
            return
        status, headers, body = self._answer
        self._answer = None
        self._exchange.start(status, headers)
        if body:
            self._exchange.write(body)
        self._exchange.end()
