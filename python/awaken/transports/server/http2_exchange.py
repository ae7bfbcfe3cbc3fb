"""One HTTP/2 stream as an exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from awaken.transports import limits
from awaken.transports.guard import NO_RECEIVER, deliver, disconnect_quietly
from awaken.transports.http2.engine import ErrorCode
from awaken.transports.response_order import check_open, check_unstarted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awaken.exchange import Receiver
    from awaken.transports.http2.engine import Engine

__all__ = ["Http2Exchange"]


class _Connection(Protocol):
    """What an exchange needs of its connection."""

    engine: Engine
    is_socket_paused: bool
    #: Called with the status of each answer; None if nobody counts them.
    on_status: Callable[[int], None] | None

    @property
    def client(self) -> tuple[str, int] | None:
        """Host and port of the peer."""
        ...

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        ...

    def note_waiting(self, exchange: Http2Exchange) -> None:
        """Call `resume` when the socket takes bytes again."""
        ...

    def note_written(self, exchange: Http2Exchange) -> None:
        """Call `hand_over` with the next flush."""
        ...

    def note_handed_over(self, stream_id: int) -> None:
        """Watch what is left of a stream whose response is written."""
        ...

    def note_ended(self, exchange: Http2Exchange) -> None:
        """Forget the exchange: its response is written, or given up."""
        ...

    def schedule_flush(self) -> None:
        """Flush at the end of this turn of the loop."""
        ...


class Http2Exchange:
    """An exchange on one stream. Its receiver is called no more once the exchange is ended or lost."""

    __slots__ = (
        "_chunks",
        "_connection",
        "_is_listed",
        "_size",
        "headers",
        "is_ended",
        "is_lost",
        "is_started",
        "method",
        "path",
        "query",
        "receiver",
        "stream_id",
    )

    def __init__(
        self,
        connection: _Connection,
        stream_id: int,
        method: str,
        path: str,
        headers: dict[str, str],
        query: str = "",
    ) -> None:
        self.stream_id = stream_id
        self.method = method
        self.path = path
        self.headers = headers
        self.query = query
        self.is_started = False
        self.is_ended = False
        self.is_lost = False
        #: Set as soon as the request is accepted.
        self.receiver: Receiver = NO_RECEIVER
        self._connection = connection
        self._chunks: list[bytes] = []
        self._size = 0
        self._is_listed = False

    @property
    def header_list(self) -> Sequence[tuple[str, str]]:
        """Every header once, with lower-case names."""
        return list(self.headers.items())

    @property
    def http_version(self) -> str:
        """Version of HTTP."""
        return "2"

    @property
    def client(self) -> tuple[str, int] | None:
        """Host and port of the peer; None if its socket has none, or is gone."""
        return self._connection.client

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self._connection.is_tls

    @property
    def is_bidirectional(self) -> bool:
        """True: the streams of HTTP/2 flow both ways at the same time."""
        return True

    @property
    def is_write_paused(self) -> bool:
        """Whether the peer reads slower than you write; if so, `resume_writing` of the receiver follows."""
        if self.is_lost:
            return False
        if self._connection.is_socket_paused:
            self._connection.note_waiting(self)
            return True
        engine = self._connection.engine
        return self._size > limits.BUFFER_HIGH or engine.is_stalled(self.stream_id)

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response. Once; headers have lower-case names."""
        if self.is_lost:
            return
        check_unstarted(self, status)
        self._connection.engine.send_headers(self.stream_id, status, headers)
        self.is_started = True  # not before: with other headers it still can
        if self._connection.on_status is not None:
            self._connection.on_status(status)
        self._connection.schedule_flush()

    def write(self, data: bytes) -> None:
        """Append to the response body. Never blocks; watch `is_write_paused`."""
        if self.is_lost:
            return
        check_open(self, "write")
        if data and self.method != "HEAD":
            self._chunks.append(data)
            self._size += len(data)
            self._list()

    def end(self) -> None:
        """End the response, in the same frame as the last write. The request may still be open."""
        if self.is_lost:
            return
        check_open(self, "end")
        self.is_ended = True
        self.receiver = NO_RECEIVER
        self._connection.note_ended(self)
        self._list()

    def respond(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        """Write a whole response."""
        self.start(status, headers)
        self.write(body)
        self.end()

    def take_body(self) -> bytes | None:
        """Return None: the body follows in frames of its own."""
        return None

    def reset(self) -> None:
        """Give the exchange up: the peer sees a reset stream."""
        if self.is_lost or self.is_ended:
            return
        self.is_lost = self.is_ended = True
        self.receiver = NO_RECEIVER
        self._chunks.clear()
        self._connection.note_ended(self)
        self._connection.engine.reset(self.stream_id, ErrorCode.INTERNAL_ERROR)
        self._connection.schedule_flush()

    def acknowledge(self, size: int) -> None:
        """Let the peer send `size` bytes more, because as many were consumed."""
        engine = self._connection.engine
        engine.acknowledge(self.stream_id, size)
        if engine.has_output:
            self._connection.schedule_flush()

    def lose(self) -> None:
        """Note that the stream is gone, and disconnect the receiver."""
        if self.is_lost or self.is_ended:
            return
        self.is_lost = True
        self._chunks.clear()
        receiver, self.receiver = self.receiver, NO_RECEIVER
        disconnect_quietly(receiver)

    def resume(self) -> None:
        """Let the receiver continue, if there is room again."""
        if not self.is_lost and not self.is_ended and not self.is_write_paused:
            deliver(self, self.receiver.resume_writing)

    def hand_over(self, engine: Engine) -> bool:
        """Pass to the engine what was written since the last flush; return whether that ends a pause."""
        self._is_listed = False
        if self.is_lost:
            return False
        chunks = self._chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        was_paused = self._size > limits.BUFFER_HIGH
        self._chunks = []
        self._size = 0
        engine.send_data(self.stream_id, data, is_end=self.is_ended)
        if self.is_ended:
            self._connection.note_handed_over(self.stream_id)
        return was_paused

    def _list(self) -> None:
        if not self._is_listed:
            self._is_listed = True
            self._connection.note_written(self)

    def __repr__(self) -> str:
        return f"<{self.method} {self.path} on stream {self.stream_id}>"
