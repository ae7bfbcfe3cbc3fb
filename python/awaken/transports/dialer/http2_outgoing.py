"""The caller's end of an exchange over HTTP/2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from awaken.errors import LocalProtocolError
from awaken.transports.outgoing import OutgoingBase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awaken._core import Http2ClientEngine, ResponseProgress
    from awaken.transports.dialer.address import Address

__all__ = ["Http2Outgoing"]


class _Connection(Protocol):
    """What an exchange needs of its connection."""

    def window(self, stream_id: int) -> int:
        """Return how many more bytes of a stream may be sent now."""
        ...

    def note_starved(self, exchange: Http2Outgoing) -> None:
        """Call `note_change` when the exchange has credit again."""
        ...

    def note_written(self, exchange: Http2Outgoing) -> None:
        """Call `hand_over` with the next flush."""
        ...

    def acknowledge(self, stream_id: int, size: int) -> None:
        """Let the peer send as many more bytes."""
        ...

    def cancel(self, exchange: Http2Outgoing) -> None:
        """Reset the exchange's stream, or forget that it waits for one."""
        ...


# Window of a stream before the peer's settings have arrived (RFC 9113, section 6.9.2).
_FIRST_WINDOW: Final = 65_535


class Http2Outgoing(OutgoingBase):
    """An `awaken.exchange.Outgoing` on one stream, or waiting for a connection."""

    __slots__ = ("_chunks", "_is_listed", "_size", "connection", "stream_id")

    def __init__(
        self, method: str, target: str, request_headers: Mapping[str, str], on_change: Callable[[], None]
    ) -> None:
        super().__init__(method, target, request_headers, on_change)
        #: The connection it is on, or waits for.
        self.connection: _Connection | None = None
        #: None until its headers are sent.
        self.stream_id: int | None = None
        self._chunks: list[bytes] = []
        self._size = 0
        self._is_listed = False

    @property
    def credit(self) -> int:
        """How many bytes may be sent now without being kept in memory."""
        if self.is_over or self.is_request_ended:
            return 0
        window = _FIRST_WINDOW
        if self.connection is not None and self.stream_id is not None:
            window = self.connection.window(self.stream_id)
        if window > self._size:
            return window - self._size
        if self.connection is not None:
            self.connection.note_starved(self)
        return 0

    def send(self, data: bytes) -> None:
        """Send body bytes. What exceeds `credit` is kept in memory.

        Raises:
            LocalProtocolError: the request is already ended.
        """
        if self.is_request_ended:
            raise LocalProtocolError(
                f"cannot send {len(data)} bytes on {self!r}: the request is already ended"
            )
        if data and not self.is_over:
            self._chunks.append(data)
            self._size += len(data)
            self._list()

    def end(self) -> None:
        """End the request, in the same frame as its last bytes. The response may still be open."""
        if not self.is_request_ended:
            self.is_request_ended = True
            self.forget_owner()
            if not self.is_reset:
                self._list()

    def give_up(self, reason: str) -> None:
        """Give the exchange up: the peer sees a reset stream."""
        if self.is_reset:
            return
        self.is_request_ended = True
        self._chunks.clear()
        self._size = 0
        if self.connection is not None:
            self.connection.cancel(self)
        self.fail(reason)

    def take(self) -> bytes:
        """Take the part of the response body that is there, and so let the peer send more."""
        data = self.drop()
        if data and self.connection is not None and self.stream_id is not None:
            self.connection.acknowledge(self.stream_id, len(data))
        return data

    def begin(self, engine: Http2ClientEngine, address: Address) -> int | None:
        """Send the head and what was sent already; like the server's, the head has no user-agent or content-length.

        Returns:
            The stream; None if the connection has used up its streams.

        Raises:
            ValueError: a header has a character that cannot be sent.
        """
        is_headers_only = self.is_request_ended and not self._size
        stream_id = engine.open(
            self.method,
            address.scheme,
            address.authority,
            self.target,
            dict(self.request_headers),
            is_end=is_headers_only,
        )
        self.stream_id = stream_id
        if stream_id is not None and not is_headers_only:
            self.hand_over(engine)
        return stream_id

    def receive(self, progress: ResponseProgress) -> None:
        """Take in what arrived of the response."""
        if progress.status is not None:
            self.status = progress.status
            self.headers = progress.headers or ()
        if progress.data:
            self.collect(progress.data)
        if progress.is_ended:
            self.is_ended = True

    def hand_over(self, engine: Http2ClientEngine) -> None:
        """Pass to the engine what was sent since the last flush."""
        self._is_listed = False
        if self.stream_id is None or self.is_reset:
            return
        chunks = self._chunks
        self._chunks = []
        self._size = 0
        if not self.is_joining:
            for chunk in chunks[:-1]:
                engine.send_data(self.stream_id, chunk)
            del chunks[:-1]
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        engine.send_data(self.stream_id, data, is_end=self.is_request_ended)

    def _list(self) -> None:
        if not self._is_listed and self.connection is not None and self.stream_id is not None:
            self._is_listed = True
            self.connection.note_written(self)
