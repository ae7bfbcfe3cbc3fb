"""HTTP/1.1 on asyncio, server side: an engine between a socket and one exchange after the other.

One request at a time: the next one is read when this one is answered. Requests and responses do not flow at the same
time here (`is_bidirectional` is False): simple peers read nothing before they have sent everything, so an endpoint that
answered early would wait for them forever. All that an exchange writes in a turn of the event loop is one write to the
socket; a request that has arrived whole and is answered at once costs no other turn, no task and no timer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from awaken._core import Http1Body, Http1Request, Http1ServerEngine
from awaken.transports import limits
from awaken.transports.guard import accept_exchange, close_gently, deliver, logger
from awaken.transports.refusals import refusals
from awaken.transports.server.http1_exchange import Http1Exchange
from awaken.transports.server.http1_socket import Http1Socket

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from awaken._core import Http1Refusal
    from awaken.exchange import AcceptServed
    from awaken.transports.server.connection import Connections

__all__ = ["Http1ServerConnection"]

_REASONS: Final = {
    400: "Bad Request",
    408: "Request Timeout",
    413: "Content Too Large",
    431: "Headers Too Large",
}
# Of a response's body: what is larger is not copied to be joined with what is before it.
_SMALL: Final = 16 * 1024


class Http1ServerConnection(Http1Socket):
    """One HTTP/1.1 connection.

    Args:
        accept: called with each request.
        connections: to which the connection adds itself while it is open.
    """

    def __init__(self, accept: AcceptServed, connections: Connections) -> None:
        super().__init__()
        self.engine = Http1ServerEngine(
            head_size=limits.HEADERS_SIZE,
            headers_count=limits.HEADERS_COUNT,
            body_size=limits.HTTP1_BODY_SIZE,
            discard_size=limits.DISCARD_SIZE,
            extensions_size=limits.CHUNK_EXTENSIONS_SIZE,
        )
        self._accept = accept
        self._connections = connections
        self._options = connections.options
        self._on_status = connections.options.on_status
        self._exchange: Http1Exchange | None = None
        self._is_reading_paused = False
        self._unacknowledged = 0
        self._discarded = 0
        self._is_head_begun = True  # a new connection owes a request soon; an idle one does not
        self._is_waiting = False  # the exchange is paused because of the socket
        self._is_half_closed = False

    @property
    def http_version(self) -> str:
        """`1.1`."""
        return "1.1"

    @property
    def exchange_count(self) -> int:
        """How many exchanges are live: 1 or 0."""
        return 0 if self._exchange is None else 1

    # From the socket.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for a request."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Read as far as the current exchange allows."""
        if self._is_closing:
            self._late_since = self._loop.time()
            return
        self._handle_all(self.engine.receive(data))
        if self._exchange is None and not self._is_head_begun and self.engine.is_head_begun:
            self._is_head_begun = True
            self._since = self._loop.time()
        self._adjust_reading()

    def eof_received(self) -> bool:
        """Keep the connection until the requests that have arrived are answered, if the server allows it."""
        exchange = self._exchange
        self._is_half_closed = (
            self._options.half_closed_timeout > 0
            and exchange is not None
            and not exchange.is_ended
            and self.engine.is_request_ended
            and not self.is_tls  # which has no half-closed connections
        )
        if self._is_half_closed:
            self._since = self._loop.time()
        return self._is_half_closed

    def connection_lost(self, exc: Exception | None) -> None:
        """Disconnect the exchange."""
        self._is_closing = True
        self._transport = None
        self._connections.discard(self)
        self._lose()

    def pause_writing(self) -> None:
        """Note that the peer, or the network, is slower than we are."""
        self.is_socket_paused = True
        self._since = self._loop.time()
        self._stalled_size = self._unread_size()

    def resume_writing(self) -> None:
        """Let the exchange continue, if it was paused."""
        self.is_socket_paused = False
        if self._exchange is None:
            return
        if self._exchange.is_ended:
            self._continue()
        elif self._is_waiting:
            self._is_waiting = False
            deliver(self._exchange, self._exchange.receiver.resume_writing)

    # Requests, from the engine.

    def _handle_all(self, events: Sequence[Http1Request | Http1Body | Http1Refusal]) -> None:
        """Handle events, and those of the requests behind them that can be answered at once."""
        self._is_receiving = True
        try:
            while events:
                for event in events:
                    if self._is_closing:
                        break
                    if isinstance(event, Http1Request):
                        self._on_request(event)
                    elif isinstance(event, Http1Body):
                        self._on_body(event.data, is_end=event.is_end)
                    else:
                        self._refuse_peer(event.status, event.reason)
                events = self._start_next()
        finally:
            self._is_receiving = False
            if self._output:
                self._flush()

    def _on_request(self, request: Http1Request) -> None:
        self._discarded = self._unacknowledged = 0
        self._is_head_begun = False
        self._connections.note_busy(self)
        exchange = self._exchange = Http1Exchange(self, request)
        accept_exchange(self._accept, exchange)
        if self._is_draining and not exchange.is_ended:
            deliver(exchange, exchange.receiver.drain)
        if exchange.is_ended:
            return
        if request.body is None:
            if request.expects_continue and not exchange.is_started:
                self._put(self.engine.proceed())
            return
        body = exchange.take_body()
        if body is not None:
            self._on_body(body, is_end=True)

    def _on_body(self, data: bytes, *, is_end: bool) -> None:
        exchange = self._exchange
        if exchange is None or exchange.is_ended:
            self._discarded += len(data)
            if self._discarded > limits.DISCARD_SIZE:
                self._close()
            return
        if data:
            self._unacknowledged += len(data)
            deliver(exchange, exchange.receiver.receive_data, data)
        if is_end and not exchange.is_ended:
            deliver(exchange, exchange.receiver.receive_end)

    def _start_next(self) -> Sequence[Http1Request | Http1Body | Http1Refusal]:
        """Begin with the next request, if this one and its response are over; return what is there of it."""
        exchange = self._exchange
        if exchange is None or not exchange.is_ended or self._is_closing:
            return ()
        if self._output_size > limits.BUFFER_HIGH:
            self._flush()
        if self.is_socket_paused:
            return ()  # many small requests could ask for more than memory holds; `resume_writing` continues
        if self.engine.is_over:
            self._close()
            return ()
        if not self.engine.is_request_ended:
            return ()  # the rest of the request is read and discarded
        if self._is_draining:
            self._close()
            return ()
        self._exchange = None
        self._connections.note_silent(self)
        self._since = self._loop.time()
        events = self.engine.advance()
        self._is_head_begun = self.engine.is_head_begun
        if not events and self._is_half_closed:
            self._close()  # what is missing does not come any more
        return events

    # From the exchange.

    def start(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        """Begin the response.

        Raises:
            ValueError: a header cannot be sent.
        """
        self._put(self.engine.start(status, headers, is_last=self._is_draining))
        if self._on_status is not None:
            self._on_status(status)

    def write(self, data: bytes) -> None:
        """Append to the body of the response.

        Raises:
            ValueError: the body becomes larger than its content-length.
        """
        size = self.engine.frame(len(data))
        if size:
            self._output += (size, data, b"\r\n")
        else:
            self._output.append(data)
        self._note_output(len(data))

    def end(self) -> None:
        """End the response.

        Raises:
            ValueError: the body is smaller than its content-length.
        """
        last = self.engine.end()
        if last:
            self._output.append(last)

    def respond(self, status: int, headers: Sequence[tuple[str, str]], body: bytes, *, is_head: bool) -> None:
        """Write a whole response; its body stays away if it answers HEAD.

        Raises:
            ValueError: a header cannot be sent, or the content-length is another one.
        """
        head = self.engine.start(status, headers, len(body), is_last=self._is_draining)
        self._output_size += len(head) + len(body)
        if self._on_status is not None:
            self._on_status(status)
        if is_head or not body:
            self._output.append(head)
        elif len(body) > _SMALL:
            self._output += (head, body)
        else:
            self._output.append(head + body)

    def note_waiting(self) -> None:
        """Call `resume_writing` of the receiver when the socket takes bytes again."""
        self._is_waiting = True

    def note_ended(self) -> None:
        """Continue with what follows this response."""
        self._is_waiting = False
        self._unacknowledged = 0
        if self._is_receiving:
            return  # `_handle_all` continues
        self._flush()
        self._since = self._loop.time()
        self._continue()

    def _continue(self) -> None:
        events = self._start_next()
        if events:
            self._handle_all(events)
        self._adjust_reading()

    def acknowledge(self, size: int) -> None:
        """Note that the exchange consumed `size` bytes."""
        self._unacknowledged = max(0, self._unacknowledged - size)
        if self._is_reading_paused:
            self._adjust_reading()

    def break_off(self) -> None:
        """Close at once, in the middle of a response: HTTP/1.1 has no other sign that it is broken."""
        self._flush()
        self._is_closing = True
        self._exchange = None
        if self._transport is not None:
            self._transport.abort()

    def _adjust_reading(self) -> None:
        """Stop reading while more is unconsumed than an HTTP/2 window would allow, or too much is pipelined."""
        if self._transport is None or self._is_closing:
            return
        is_full = self._unacknowledged > self._options.window or self.engine.ahead_size > limits.PIPELINE_SIZE
        if is_full != self._is_reading_paused:
            self._is_reading_paused = is_full
            if is_full:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    # Deadlines and the end.

    def tick(self, now: float) -> None:
        """Check the deadlines; called about once a second with the loop's time in seconds."""
        age = now - self._since
        if self._is_closing:
            self._give_up_closing(now)
        elif self.is_socket_paused:
            if self._is_stalled(now):
                logger.info("the peer read nothing for %g s; connection aborted", limits.STALL_TIMEOUT)
                self.abort()
        elif self._is_half_closed:
            if age > self._options.half_closed_timeout:
                self._lose()
                self._close()
        elif self._exchange is None:
            if self._is_head_begun and age > limits.OPENING_TIMEOUT:
                self._refuse_peer(408, f"no complete request within {limits.OPENING_TIMEOUT:g} s")
            elif age > self._options.idle_timeout:
                self._close()
        elif self._exchange.is_ended and age > self._discard_timeout:
            self._close()

    @property
    def _discard_timeout(self) -> float:
        return limits.HALF_CLOSE_TIMEOUT if self._is_draining else limits.DISCARD_TIMEOUT

    def drain(self) -> None:
        """Take no new work: close when idle, else after the response that is being written."""
        self._is_draining = True
        if self._exchange is None:
            self._close(is_at_once=True)  # there is no response that a TCP reset could take from the peer
        elif not self._exchange.is_ended:
            deliver(self._exchange, self._exchange.receiver.drain)

    def abort(self) -> None:
        """Give up what is still live, and close."""
        self._is_closing = True
        if self._transport is not None:
            self._transport.abort()
        self._lose()

    def _refuse_peer(self, status: int, reason: str) -> None:
        """Answer what cannot be read as a request, if it has no answer yet, and close."""
        refusals.note("HTTP/1.1 request of %s refused with %d: %s", self._peer(), status, reason)
        if self.engine.is_unanswered:
            phrase = _REASONS.get(status, "Refused")
            body = f"{status} {phrase}: {reason}\n".encode()
            headers = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")]
            is_head = self._exchange is not None and self._exchange.method == "HEAD"
            self.respond(status, headers, body, is_head=is_head)
        self._lose()
        self._close()

    def _lose(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.lose()

    def _close(self, *, is_at_once: bool = False) -> None:
        if self._is_closing or self._transport is None:
            return
        self._flush()
        self._is_closing = True
        self._exchange = None
        self._since = self._late_since = self._loop.time()
        self._stalled_size = self._unread_size()
        if self._is_reading_paused:
            self._is_reading_paused = False
            self._transport.resume_reading()  # to see the peer's EOF
        if is_at_once or self._is_half_closed:
            self._transport.close()
        else:
            close_gently(self._transport)
