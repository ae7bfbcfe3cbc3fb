"""HTTP/1.1 on asyncio, caller's side: an engine between a socket and one exchange after the other.

What arrives is read a few parts at a time, in turns with the other connections of the endpoint; while there is more
than one turn can read, the socket is not read. A connection serves the next exchange only if both sides have said
everything and nothing else has come: bytes beyond a response would be taken for the answer to the next request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from awaken._core import Http1Body, Http1ClientEngine, Http1Cut, Http1Response
from awaken.transports import limits
from awaken.transports.dialer.client_connection import ClientConnection

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from awaken._core import Http1Refusal
    from awaken.timing.turns import Turns
    from awaken.transports.dialer.address import Address
    from awaken.transports.dialer.http1_outgoing import Http1Outgoing

__all__ = ["Http1ClientConnection"]

# Seconds an idle connection is kept; the server has the same limit.
_IDLE_TIMEOUT: Final = 5 * 60.0

_CUT: Final = "the connection was lost: closed by the endpoint before its response was complete"
_BODILESS_METHODS: Final = frozenset(["GET", "HEAD"])


class Http1ClientConnection(ClientConnection):
    """One connection to an endpoint.

    Args:
        address: of the endpoint, for `host` and for error texts.
        turns: shared with the other connections of the endpoint.
        place: called with an exchange that the peer's closing left without a connection before it began.
        note_idle: called when the connection can take the next exchange.
        discard: called when it takes no more exchanges.
    """

    def __init__(
        self,
        address: Address,
        turns: Turns,
        place: Callable[[Http1Outgoing], None],
        note_idle: Callable[[Http1ClientConnection], None],
        discard: Callable[[Http1ClientConnection], None],
    ) -> None:
        super().__init__(address)
        self._turns = turns
        self._place = place
        self._note_idle = note_idle
        self._discard = discard
        self._engine = Http1ClientEngine(
            head_size=limits.HEADERS_SIZE,
            headers_count=limits.HEADERS_COUNT,
            extensions_size=limits.CHUNK_EXTENSIONS_SIZE,
        )
        self._exchange: Http1Outgoing | None = None
        self._is_begun = False
        self._is_flush_scheduled = False
        self._is_socket_paused = False
        self._is_reading_paused = False
        self._is_behind = False  # what has come waits for a turn
        self._lost_reason = ""
        self._was_used = False
        self._informational = limits.RateLimit(limits.INFORMATIONAL_BURST, limits.INFORMATIONAL_RATE)
        self._idle_since = self._loop.time()

    @property
    def buffered_size(self) -> int:
        """How many bytes wait for the socket; the most there may be while it is paused."""
        if self._is_socket_paused:
            return limits.OUTPUT_SIZE
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def begin(self, exchange: Http1Outgoing) -> None:
        """Take an exchange; its head goes out with the next flush."""
        self._exchange = exchange
        self._is_begun = False
        self._informational = limits.RateLimit(limits.INFORMATIONAL_BURST, limits.INFORMATIONAL_RATE)
        exchange.connection = self
        self.schedule_flush()

    # From the socket.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the exchange that waits."""
        self._transport = cast("asyncio.Transport", transport)
        # Half of an exchange's credit: without credit, more than that waits, so `resume_writing` is sure to come.
        self._transport.set_write_buffer_limits(high=limits.OUTPUT_SIZE // 2)
        if self.is_closed:
            self._transport.abort()
        else:
            self._flush()

    def data_received(self, data: bytes) -> None:
        """Read the part of the response that is there."""
        if not self.is_closed:
            self._engine.receive(data)
            self._note_arrival()

    def eof_received(self) -> None:
        """Read to the end, which may be what ends the response. What has to wait for a turn outlives the socket."""
        if not self.is_closed:
            self._engine.receive_end()
            self._note_arrival()

    def _postpone_loss(self, reason: str) -> bool:
        self._lost_reason = reason
        return self._is_behind and not self.is_closed

    def pause_writing(self) -> None:
        """Give no credit: the peer, or the network, is slower than we are."""
        self._is_socket_paused = True

    def resume_writing(self) -> None:
        """Continue sending, and notify the exchange, which has credit again."""
        self._is_socket_paused = False
        self._flush()

    # Reading.

    def _note_arrival(self) -> None:
        if not self._is_behind:
            self._is_behind = True
            self._turns.do(self._read_slice)
            self.adjust_reading()

    def _read_slice(self) -> int:
        exchange = self._exchange
        if self.is_closed:
            return 0
        if exchange is None or not self._is_begun:
            # The peer has ended an idle connection, or has sent bytes that answer no request.
            self._is_behind = False
            self.fail("closed by the endpoint")
            return 1
        events, count = self._engine.read(limits.SLICE)
        for event in events:
            if not self.is_closed:
                self._handle(exchange, event)
        if count:
            exchange.announce_change()
        self._is_behind = count >= limits.SLICE
        if self._is_behind and not self.is_closed:
            self._turns.add(self._read_slice)
        self._finish_if_done()
        self.adjust_reading()
        if self._lost_reason and not self._is_behind:
            self.fail(self._lost_reason)
        return count

    def _handle(
        self, exchange: Http1Outgoing, event: Http1Response | Http1Body | Http1Refusal | Http1Cut
    ) -> None:
        if isinstance(event, Http1Body):
            if event.is_end:
                exchange.is_ended = True
            else:
                exchange.collect(event.data)
        elif isinstance(event, Http1Response):
            if event.status >= 200:
                exchange.status = event.status
                exchange.headers = event.headers
            elif not self._informational.take(1, self._loop.time()):
                self.fail(
                    f"the endpoint sent more than {limits.INFORMATIONAL_BURST} responses of status "
                    f"{event.status} too fast"
                )
        elif isinstance(event, Http1Cut):
            self.fail(_CUT)
        else:
            self.fail(f"the endpoint broke HTTP/1.1: {event.reason}")

    def _finish_if_done(self) -> None:
        """Get ready for the next exchange if this one has ended in both directions."""
        exchange = self._exchange
        if exchange is None or self.is_closed or not exchange.is_ended or not exchange.is_request_ended:
            return
        if self._engine.is_sending or not self._is_begun:
            return  # the end of the request has not left yet
        if self._engine.is_reusable and not self._lost_reason:
            self._exchange = None
            exchange.connection = None
            self._is_behind = False
            self.adjust_reading()  # what is not taken yet of this response no longer counts against the connection
            self._was_used = True
            self._idle_since = self._loop.time()
            self._is_begun = False
            self._note_idle(self)
        else:
            self.close()

    # Sending.

    def schedule_flush(self) -> None:
        """Send at the end of this turn of the loop."""
        if not self._is_flush_scheduled and not self.is_closed:
            self._is_flush_scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flush_scheduled = False
        exchange = self._exchange
        if exchange is None or self._transport is None or self.is_closed or self._is_socket_paused:
            return  # `connection_made`, `resume_writing` and `begin` come back to it
        if self._is_behind and not self._is_begun:
            return  # what has come answers no request: when it is read, the exchange gets another connection
        try:
            output = self._take_output(exchange)
        except ValueError as error:
            self.fail(f"the request does not fit HTTP/1.1: {error}")
            return
        if sum(map(len, output)) > limits.BUFFER_HIGH:
            for part in output:  # not joined, which would copy it once more
                self._transport.write(part)
        elif output:
            self._transport.write(b"".join(output))
        if exchange.is_starved and exchange.credit > 0:
            exchange.note_change()
        self._finish_if_done()

    def _take_output(self, exchange: Http1Outgoing) -> list[bytes]:
        """Take what the exchange has to send.

        Raises:
            ValueError: it cannot be sent.
        """
        engine = self._engine
        output = []
        if not self._is_begun:
            headers = [("host", self._address.authority), *exchange.request_headers.items()]
            has_body = exchange.method not in _BODILESS_METHODS
            self._is_begun = True
            output.append(engine.begin(exchange.method, exchange.target, headers, has_body=has_body))
        data = exchange.drop_sent()
        if data:
            output += (engine.frame(len(data)), data, b"\r\n")
        if exchange.is_request_ended and engine.is_sending:
            output.append(engine.end())
        return output

    def adjust_reading(self) -> None:
        """Stop reading while parts wait for their turn, or more of them than an HTTP/2 stream's window would allow."""
        if self._transport is None or self.is_closed:
            return
        size = 0 if self._exchange is None else self._exchange.received_size
        is_enough = self._is_behind or size > limits.STREAM_WINDOW
        if is_enough != self._is_reading_paused:
            self._is_reading_paused = is_enough
            if is_enough:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    # The end.

    def tick(self, now: float) -> None:
        """Check the deadlines; called about once a second with the loop's time in seconds."""
        if self.is_closed:
            self._limit_closing(now)
        elif self._exchange is None and now - self._idle_since > _IDLE_TIMEOUT:
            self.close()

    def fail(self, reason: str) -> None:
        """Close, and fail the exchange that is open. One that has not begun gets another connection instead."""
        if self.is_closed:
            return
        exchange = self._exchange
        is_unsent = self._was_used and not self._is_begun
        self.close()
        if exchange is not None and is_unsent:
            self._place(exchange)
        elif exchange is not None:
            exchange.fail(f"{self._address}: {reason}")

    def close(self) -> None:
        """Close at once. An exchange that is open learns nothing of it; see `fail`."""
        if self.is_closed:
            return
        transport = self._begin_closing()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.connection = None
        self._discard(self)
        if transport is None:
            return
        if self._engine.is_idle or self._engine.is_reusable:
            transport.close()
        else:
            transport.abort()
