"""A response that is known at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.exchange import Exchange


class Reply:
    """Sends a fixed response and discards the rest of the request. Implements Receiver."""

    __slots__ = ("_answer", "_exchange")

    def __init__(
        self, exchange: Exchange, status: int, headers: Sequence[tuple[str, str]], body: bytes
    ) -> None:
        """Answer now, or when the request is through where the peer reads nothing before."""
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
        """Answer a peer that reads nothing before its request is through."""
        self._send()

    def disconnect(self) -> None:
        """Drop the answer."""
        self._answer = None

    def resume_writing(self) -> None:
        """Nothing waits: the body is small."""

    def drain(self) -> None:
        """Nothing to wind up."""

    def _send(self) -> None:
        if self._answer is None:
            return
        status, headers, body = self._answer
        self._answer = None
        self._exchange.start(status, headers)
        if body:
            self._exchange.write(body)
        self._exchange.end()
