"""The body of an attempt's response, taken as fast as it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from awaken.exchange import Outgoing

__all__ = ["ResponseBody"]

#: Bytes handed out at once. The smallest frames have 8, and the machine decodes all of a piece: 4,096 take about 2 ms.
_PIECE_SIZE: Final = 32 * 1024


class ResponseBody:
    """Hands out the bytes of a response in pieces.

    It takes more from the exchange, and so lets the endpoint send more, only when the last piece is handed out: what an
    endpoint sends faster than it can be stored waits in its own memory.
    """

    def __init__(self, exchange: Outgoing) -> None:
        self._exchange = exchange
        self._unread = memoryview(b"")

    @property
    def unread_size(self) -> int:
        """Bytes that are taken and not handed out."""
        return len(self._unread)

    def next_piece(self) -> bytes:
        """Return the next piece; nothing if all that has arrived is handed out."""
        if not self._unread:
            data = self._exchange.take()
            if len(data) <= _PIECE_SIZE:
                return data
            self._unread = memoryview(data)
        piece = bytes(self._unread[:_PIECE_SIZE])
        self._unread = self._unread[_PIECE_SIZE:]
        return piece

    def discard(self) -> None:
        """Forget what has arrived, so that the endpoint may send the rest."""
        self._unread = memoryview(b"")
        self._exchange.take()
