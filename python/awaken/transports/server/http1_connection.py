"""HTTP/1.1 on asyncio, server side, over the h11 package.

One request at a time: the next one is read when this one is answered. Requests and responses do not flow at the same
time here (`is_bidirectional` is False): simple peers read nothing before they have sent everything, so an endpoint that
answered early would wait for them forever. All that an exchange writes in a turn of the event loop is one write to the
socket.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final, cast

import h11

from awaken.transports import limits
from awaken.transports.guard import accept_exchange, close_gently, deliver, logger
from awaken.transports.refusals import refusals
from awaken.transports.server.connection import client_of, is_encrypted
from awaken.transports.server.http1_exchange import Http1Exchange

if TYPE_CHECKING:
    from awaken.exchange import AcceptServed
    from awaken.transports.server.connection import Connections

__all__ = ["Http1ServerConnection"]

# How h11 quotes what was sent.
_QUOTED: Final = re.compile(r"bytearray\(b(.*)\)", re.DOTALL)
_REASONS: Final = {
    400: "Bad Request",
    408: "Request Timeout",
    413: "Content Too Large",
    431: "Headers Too Large",
}


class Http1ServerConnection(asyncio.Protocol):
    """One HTTP/1.1 connection.

    Args:
        accept: called with each request.
        connections: to which the connection adds itself while it is open.
    """

    def __init__(self, accept: AcceptServed, connections: Connections) -> None:
        self.is_socket_paused = False
        self._accept = accept
        self._connections = connections
        self._options = connections.options
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.HEADERS_SIZE)
        self._exchange: Http1Exchange | None = None
        self._output: list[bytes] = []
        self._output_size = 0
        self._is_flush_scheduled = False
        self._is_reading_paused = False
        self._is_advancing = False
        self._is_draining = False
        self._is_closing = False
        self._unacknowledged = 0
        self._body_size = 0
        self._discarded = 0
        self._ahead = 0  # bytes of later requests
        self._since = self._loop.time()  # when the current state began
        self._is_head_begun = True  # a new connection owes a request soon; an idle one does not
        self._is_waiting = False  # the exchange is paused because of the socket
        self._is_half_closed = False
        self._stalled_size = 0  # bytes in the socket's buffer when last looked at
        self._late_since = 0.0  # when bytes last came while closing

    @property
    def exchange_count(self) -> int:
        """How many exchanges are live: 1 or 0."""
        return 0 if self._exchange is None else 1

    @property
    def client(self) -> tuple[str, int] | None:
        """Host and port of the peer; None if its socket has none, or is gone."""
        return client_of(self._transport)

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return is_encrypted(self._transport)

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
        if self._exchange is None and not self._is_head_begun:
            self._is_head_begun = True
            self._since = self._loop.time()
        if self._h11.their_state is h11.DONE:
            self._ahead += len(data)
        self._h11.receive_data(data)
        self._advance()
        self._adjust_reading()

    def eof_received(self) -> bool:
        """Keep the connection until the requests that have arrived are answered, if the server allows it."""
        exchange = self._exchange
        self._is_half_closed = (
            self._options.half_closed_timeout > 0
            and exchange is not None
            and not exchange.is_ended
            and self._h11.their_state is h11.DONE
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
        if self._is_waiting and self._exchange is not None:
            self._is_waiting = False
            deliver(self._exchange, self._exchange.receiver.resume_writing)

    # Requests, from h11.

    def _advance(self) -> None:
        """Handle every event there is."""
        if self._is_advancing:
            return  # a receiver ended its response within one of its calls; the loop below this one continues
        self._is_advancing = True
        try:
            while not self._is_closing:
                event = self._h11.next_event()
                if event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                    if self._is_half_closed and self._h11.their_state is not h11.DONE:
                        self._close()  # what is missing does not come any more
                    break
                if event is h11.PAUSED:
                    if not self._start_next():
                        break
                else:
                    self._handle(event)
        except h11.RemoteProtocolError as error:
            self._refuse_peer(error.error_status_hint, _QUOTED.sub(r"\1", str(error)))
        finally:
            self._is_advancing = False

    def _handle(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self._on_request(event)
        elif isinstance(event, h11.Data):
            self._on_body(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            trailing, _ = self._h11.trailing_data
            self._ahead = len(trailing)
            if self._exchange is not None and not self._exchange.is_ended:
                deliver(self._exchange, self._exchange.receiver.receive_end)
            self._start_next()

    def _on_request(self, event: h11.Request) -> None:
        headers: dict[str, str] = {}
        for name, value in event.headers:
            headers.setdefault(name.decode("ascii"), value.decode("latin-1"))
        if len(event.headers) > limits.HEADERS_COUNT:
            self._refuse_peer(431, f"{len(event.headers)} headers, and {limits.HEADERS_COUNT} are allowed")
            return
        if int(headers.get("content-length", "0")) > limits.HTTP1_BODY_SIZE:
            self._refuse_peer(413, f"a body of {headers['content-length']} bytes is announced")
            return
        self._body_size = self._discarded = self._unacknowledged = 0
        self._is_head_begun = False
        self._connections.note_busy(self)
        fields = [(name.decode("ascii"), value.decode("latin-1")) for name, value in event.headers]
        path, query = _split_target(event.target.decode("ascii"))
        version = event.http_version.decode("ascii")
        exchange = self._exchange = Http1Exchange(
            self, event.method.decode("ascii"), path, query, version, headers, fields
        )
        accept_exchange(self._accept, exchange)
        if self._is_draining and not exchange.is_ended:
            deliver(exchange, exchange.receiver.drain)
        if self._h11.they_are_waiting_for_100_continue and not exchange.is_started:
            self.send(h11.InformationalResponse(status_code=100, headers=[]))

    def _on_body(self, data: bytes) -> None:
        exchange = self._exchange
        self._body_size += len(data)
        if self._body_size > limits.HTTP1_BODY_SIZE:
            self._refuse_peer(413, f"more than {limits.HTTP1_BODY_SIZE} bytes of body")
        elif exchange is None or exchange.is_ended:
            self._discarded += len(data)
            if self._discarded > limits.DISCARD_SIZE:
                self._close()
        else:
            self._unacknowledged += len(data)
            deliver(exchange, exchange.receiver.receive_data, data)

    def _start_next(self) -> bool:
        """Continue with the next request, if this one and its response are over."""
        if self._h11.our_state is h11.MUST_CLOSE or self._h11.our_state is h11.CLOSED:
            self._close()
            return False
        if self._h11.our_state is not h11.DONE or self._h11.their_state is not h11.DONE:
            return False
        if self._is_draining:
            self._close()
            return False
        self._h11.start_next_cycle()
        self._exchange = None
        self._connections.note_silent(self)
        self._since = self._loop.time()
        self._is_head_begun = bool(self._ahead)
        self._ahead = 0
        self._adjust_reading()
        return True

    # From the exchange.

    def send(self, event: h11.Event) -> None:
        """Write an event with the next flush.

        Raises:
            h11.LocalProtocolError: the event does not fit the earlier ones, such as a content-length.
        """
        data = self._h11.send(event)
        if data:
            self._output.append(data)
            self._output_size += len(data)
            if self._output_size > limits.BUFFER_HIGH:
                self._flush()  # so that the socket can say that it is too much
            elif not self._is_flush_scheduled:
                self._is_flush_scheduled = True
                self._loop.call_soon(self._flush)

    def note_waiting(self) -> None:
        """Call `resume_writing` of the receiver when the socket takes bytes again."""
        self._is_waiting = True

    def note_ended(self) -> None:
        """Continue with what follows this response."""
        self._is_waiting = False
        self._unacknowledged = 0
        self._since = self._loop.time()
        self._flush()
        if self._h11.their_state is h11.DONE or self._h11.our_state is h11.MUST_CLOSE:
            if self._start_next():
                self._advance()
        else:
            self._adjust_reading()  # the rest of the request is read and discarded

    def acknowledge(self, size: int) -> None:
        """Note that the exchange consumed `size` bytes."""
        self._unacknowledged = max(0, self._unacknowledged - size)
        self._adjust_reading()

    def break_off(self) -> None:
        """Close at once, in the middle of a response: HTTP/1.1 has no other sign that it is broken."""
        self._flush()
        self._is_closing = True
        self._exchange = None
        if self._transport is not None:
            self._transport.abort()

    def _flush(self) -> None:
        self._is_flush_scheduled = False
        if self._output and self._transport is not None:
            self._transport.write(b"".join(self._output))
        self._output.clear()
        self._output_size = 0

    def _adjust_reading(self) -> None:
        """Stop reading while more is unconsumed than an HTTP/2 window would allow, or too much is pipelined."""
        if self._transport is None or self._is_closing:
            return
        is_full = self._unacknowledged > self._options.window or self._ahead > limits.PIPELINE_SIZE
        if is_full and not self._is_reading_paused:
            self._is_reading_paused = True
            self._transport.pause_reading()
        elif not is_full and self._is_reading_paused:
            self._is_reading_paused = False
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

    def _is_stalled(self, now: float) -> bool:
        size = self._unread_size()
        if size < self._stalled_size:
            self._since = now  # slow, but it moves
        self._stalled_size = size
        return now - self._since > limits.STALL_TIMEOUT

    def _unread_size(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

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

    @property
    def is_last(self) -> bool:
        """Whether this response is the last one of the connection, and has to say so.

        It is if more of the request may follow than is read and discarded: a client that does not know would send its
        next request on a connection that is about to be closed.
        """
        if self._is_draining or self._h11.they_are_waiting_for_100_continue:
            return True
        exchange = self._exchange
        if exchange is None or self._h11.their_state is not h11.SEND_BODY:
            return False
        if "transfer-encoding" in exchange.headers:
            return True
        return int(exchange.headers.get("content-length", "0")) - self._body_size > limits.DISCARD_SIZE

    def abort(self) -> None:
        """Give up what is still live, and close."""
        self._is_closing = True
        if self._transport is not None:
            self._transport.abort()
        self._lose()

    def _refuse_peer(self, status: int, reason: str) -> None:
        """Answer what cannot be read as a request, if it has no answer yet, and close."""
        refusals.note("HTTP/1.1 request of %s refused with %d: %s", self._peer(), status, reason)
        if self._h11.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = f"{status} {_REASONS.get(status, 'Refused')}: {reason}\n".encode()
            headers = [
                ("content-type", "text/plain; charset=utf-8"),
                ("content-length", str(len(body))),
                ("connection", "close"),
            ]
            self.send(h11.Response(status_code=status, headers=headers, reason=_REASONS.get(status, "")))
            self.send(h11.Data(data=body))
            self.send(h11.EndOfMessage())
        self._lose()
        self._close()

    def _peer(self) -> object:
        return "a lost peer" if self._transport is None else self._transport.get_extra_info("peername")

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

    def _give_up_closing(self, now: float) -> None:
        if self._transport is None:
            return
        if self._unread_size():
            is_over = self._is_stalled(now)
        else:
            allowed = limits.LINGER_TIMEOUT if self._is_draining else limits.DISCARD_TIMEOUT
            is_over = now - self._late_since > limits.LINGER_TIMEOUT or now - self._since > allowed
        if is_over:
            self._transport.abort()


def _split_target(target: str) -> tuple[str, str]:
    """Return path and query of a request target, which may have scheme and host before it (RFC 9112, section 3.2.2)."""
    if not target.startswith("/") and "://" in target:
        _, _, rest = target.partition("://")
        _, slash, path = rest.partition("/")
        target = slash + path
    path, _, query = target.partition("?")
    return path or "/", query
