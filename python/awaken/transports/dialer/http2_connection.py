"""HTTP/2 on asyncio, caller's side: one connection and the exchanges on it.

Everything happens inside `data_received` and one flush per turn of the event loop, as in the server's connection: what
exchanges send in a turn becomes their HEADERS and one DATA frame each, and all frames become one write to the socket.
Exchanges wait here until the connection is open and the peer has said how many streams it takes.

What arrives is read a few frames at a time, in turns with the other connections of the endpoint. While a peer sends
more than its turns can read, its socket is not read, and a rate that no honest peer reaches ends the connection.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, cast

from awaken.transports import limits
from awaken.transports.dialer.address import CONNECT_TIMEOUT
from awaken.transports.dialer.client_connection import ClientConnection
from awaken.transports.dialer.http2_reading import Http2Reading
from awaken.transports.dialer.keep_alive import KeepAlive
from awaken.transports.guard import close_gently, logger
from awaken.transports.http2.engine import (
    BodyEnded,
    BodyReceived,
    ConnectionFailed,
    ErrorCode,
    PeerLeaving,
    PeerReady,
    PingAcknowledged,
    ResponseReceived,
    StreamClosed,
    describe_code,
)
from awaken.transports.http2.h2_client_engine import H2ClientEngine

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from awaken.timing.turns import Turns
    from awaken.transports.dialer.address import Address
    from awaken.transports.dialer.http2_outgoing import Http2Outgoing
    from awaken.transports.http2.engine import Event

__all__ = ["Http2ClientConnection"]

#: Streams used of one connection, even if its peer allows more, and before it has said how many. As the server does.
_MOST_STREAMS: Final = 128
_FIRST_STREAMS: Final = 50

# Requests on one connection. At the 1,001st, Hypercorn says GOAWAY and then nothing more, on any stream, while it keeps
# the connection open; nginx closes at as many.
_MOST_REQUESTS: Final = 900

# Share of them in use at which another connection is opened, so that long exchanges cannot fill one and block the rest.
_FULL: Final = 0.7

# Seconds without an exchange after which a connection is closed; the server has the same limit.
_IDLE_TIMEOUT: Final = 5 * 60.0


class Http2ClientConnection(ClientConnection):
    """One connection to an endpoint.

    Args:
        address: of the endpoint, for `:authority` and for error texts.
        turns: shared with the other connections of the endpoint.
        place: called with each exchange that needs another connection.
        discard: called when the connection takes no more exchanges.
    """

    def __init__(
        self,
        address: Address,
        turns: Turns,
        place: Callable[[Http2Outgoing], None],
        discard: Callable[[Http2ClientConnection], None],
    ) -> None:
        super().__init__(address)
        self.engine = H2ClientEngine()
        self._reading = Http2Reading(self, turns, self._loop.time)
        self._place = place
        self._discard = discard
        self._exchanges: dict[int, Http2Outgoing] = {}
        self._request_count = 0
        self._waiting: deque[Http2Outgoing] = deque()
        self._written: list[Http2Outgoing] = []
        self._starved: set[Http2Outgoing] = set()  # asked for credit, and there was none
        self._is_ready = False
        self._is_leaving = False
        self._is_flush_scheduled = False
        self._is_receiving = False
        self._is_socket_paused = False
        now = self._loop.time()
        self._since = now
        self._idle_since = now
        self._keep_alive = KeepAlive(now)

    @property
    def has_room(self) -> bool:
        """Whether it should take one more exchange."""
        if self._is_leaving or self.is_closed:
            return False
        return self.exchange_count < max(1, int(self._limit * _FULL))

    @property
    def exchange_count(self) -> int:
        """How many exchanges are on it, or wait for it."""
        return self.engine.stream_count + len(self._waiting)

    @property
    def _limit(self) -> int:
        return min(_MOST_STREAMS, self.engine.max_streams) if self._is_ready else _FIRST_STREAMS

    # From the pool and the exchanges.

    def add(self, exchange: Http2Outgoing) -> None:
        """Take an exchange; it begins with the next flush."""
        exchange.connection = self
        self._waiting.append(exchange)
        self._schedule_flush()

    def note_written(self, exchange: Http2Outgoing) -> None:
        """Call `hand_over` of the exchange with the next flush."""
        self._written.append(exchange)
        self._schedule_flush()

    def window(self, stream_id: int) -> int:
        """Return how many more bytes of a stream may be sent now."""
        return 0 if self._is_socket_paused else self.engine.window(stream_id)

    def note_starved(self, exchange: Http2Outgoing) -> None:
        """Call `note_change` of the exchange when it has credit again."""
        self._starved.add(exchange)

    def acknowledge(self, stream_id: int, size: int) -> None:
        """Let the peer send as many more bytes."""
        self.engine.acknowledge(stream_id, size)
        if self.engine.has_output:
            self._schedule_flush()

    def cancel(self, exchange: Http2Outgoing) -> None:
        """Reset an exchange's stream, or forget that it waits for one."""
        if exchange.stream_id is None:
            if exchange in self._waiting:
                self._waiting.remove(exchange)
        elif self._exchanges.pop(exchange.stream_id, None) is not None:
            self.engine.reset(exchange.stream_id, ErrorCode.CANCEL)
            self._schedule_flush()
        self._note_idle()

    # From the socket.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send preface and settings at once."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=limits.OUTPUT_SIZE)
        self._reading.begin(self._transport)
        if self.is_closed:
            self._transport.abort()
            return
        tls = transport.get_extra_info("ssl_object")
        if tls is not None and tls.selected_alpn_protocol() != "h2":
            self.fail(
                "the endpoint does not offer HTTP/2 (ALPN); if it speaks only HTTP/1.1, register it for that"
            )
            return
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Read a slice, and the rest in the turns to come."""
        if not self.is_closed:
            self._reading.take_in(data)

    def _postpone_loss(self, reason: str) -> bool:
        return self._reading.postpone_loss(reason)

    def receive(self, data: bytes) -> None:
        """Pass bytes to the engine, and its events to the exchanges."""
        changed: dict[Http2Outgoing, None] = {}
        self._is_receiving = True
        try:
            for event in self.engine.receive(data):
                exchange = self._on_event(event)
                if exchange is not None:
                    changed[exchange] = None
        finally:
            self._is_receiving = False
        for exchange in changed:
            exchange.announce_change()
        if self._starved:
            self._announce_credit()
        if self.engine.has_output or self._written or self._waiting or self._is_leaving:
            self._schedule_flush()

    def pause_writing(self) -> None:
        """Stop sending: the peer, or the network, is slower than we are."""
        self._is_socket_paused = True

    def resume_writing(self) -> None:
        """Continue sending, and notify the exchanges, which have credit again."""
        self._is_socket_paused = False
        self._flush()
        self._announce_credit()

    # From the engine.

    def _on_event(self, event: Event) -> Http2Outgoing | None:
        if isinstance(event, BodyReceived):
            exchange = self._exchanges.get(event.stream_id)
            if exchange is None:
                self.engine.acknowledge(event.stream_id, len(event.data))
            else:
                exchange.collect(event.data)
            return exchange
        if isinstance(event, ResponseReceived):
            exchange = self._exchanges.get(event.stream_id)
            if exchange is not None:
                exchange.status, exchange.headers = event.status, event.headers
            return exchange
        if isinstance(event, BodyEnded):
            return self._on_ended(event)
        if isinstance(event, StreamClosed):
            return self._on_closed(event)
        self._on_connection_event(event)
        return None

    def _on_ended(self, event: BodyEnded) -> Http2Outgoing | None:
        exchange = self._exchanges.get(event.stream_id)
        if exchange is None:
            return None
        if exchange.status is None:
            exchange.fail(f"{self._address}: the stream ended without a response")
            self._finish(exchange)
            return exchange
        exchange.is_ended = True
        if exchange.is_request_ended:
            self._finish(exchange)
        return exchange

    def _on_closed(self, event: StreamClosed) -> Http2Outgoing | None:
        exchange = self._exchanges.pop(event.stream_id, None)
        self._note_idle()
        if exchange is not None:
            exchange.fail(f"{self._address}: the endpoint reset the stream: {describe_code(event.code)}")
        return exchange

    def _on_connection_event(self, event: Event) -> None:
        if isinstance(event, PeerReady):
            self._is_ready = True
        elif isinstance(event, PingAcknowledged):
            self._keep_alive.note_answer()
        elif isinstance(event, PeerLeaving):
            self._on_leaving(event)
        elif isinstance(event, ConnectionFailed):
            self.fail(f"the endpoint broke HTTP/2: {event.reason}")

    def _on_leaving(self, event: PeerLeaving) -> None:
        self._leave()
        refused = [stream_id for stream_id in self._exchanges if stream_id > event.last_stream_id]
        for stream_id in refused:
            exchange = self._exchanges.pop(stream_id)
            self.engine.reset(stream_id, ErrorCode.CANCEL)
            detail = f" ({event.detail})" if event.detail else ""
            exchange.fail(
                f"{self._address}: the endpoint is leaving: GOAWAY {describe_code(event.code)}{detail}"
            )

    def _leave(self) -> None:
        """Take no new exchanges, and move those that have not begun to another connection."""
        if not self._is_leaving:
            self._is_leaving = True
            self._discard(self)
            self._give_away()

    def _give_away(self) -> None:
        waiting, self._waiting = self._waiting, deque()
        for exchange in waiting:
            exchange.connection = None
            self._place(exchange)

    # Sending.

    def _schedule_flush(self) -> None:
        if not self._is_flush_scheduled and not self._is_receiving and not self.is_closed:
            self._is_flush_scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flush_scheduled = False
        transport = self._transport
        if transport is None or self._is_socket_paused or self.is_closed:
            return  # `connection_made` and `resume_writing` come back to it
        engine = self.engine
        if self._waiting and self._is_ready:
            self._begin(engine)
        written, self._written = self._written, []
        for exchange in written:
            exchange.hand_over(engine)
            if exchange.is_ended and exchange.is_request_ended:
                self._finish(exchange)
        output = engine.take_output()
        if output:
            transport.write(output)
        engine.take_resumed()  # not needed: exchanges that wait for credit are in `_starved`
        if self._starved:
            self._announce_credit()
        if engine.has_output and not self._is_socket_paused:
            self._schedule_flush()
        if self._is_leaving and not engine.stream_count and not engine.has_output:
            self.close()

    def _begin(self, engine: H2ClientEngine) -> None:
        """Send the heads of waiting exchanges, as many as the peer allows."""
        limit = self._limit
        while self._waiting and engine.stream_count < limit and self._request_count < _MOST_REQUESTS:
            exchange = self._waiting.popleft()
            stream_id = engine.open(exchange.head(self._address), is_end=exchange.is_headers_only)
            if stream_id is None:
                self._waiting.appendleft(exchange)
                self._leave()
                return
            exchange.stream_id = stream_id
            self._request_count += 1
            self._exchanges[stream_id] = exchange
            if not exchange.is_headers_only:
                exchange.hand_over(engine)
        if engine.is_exhausted or self._request_count >= _MOST_REQUESTS:
            self._leave()
        elif self._waiting:
            if not limit:
                self.fail("the endpoint takes no streams: its MAX_CONCURRENT_STREAMS is 0")
            self._give_away()

    def _finish(self, exchange: Http2Outgoing) -> None:
        """Forget an exchange that has ended in both directions; request bytes that still wait are discarded."""
        if exchange.stream_id is not None:
            self._exchanges.pop(exchange.stream_id, None)
            self.engine.reset(exchange.stream_id, ErrorCode.NO_ERROR)
        self._note_idle()

    def _announce_credit(self) -> None:
        starved, self._starved = self._starved, set()
        for exchange in starved:
            if exchange.credit > 0:  # otherwise `credit` has listed it again
                exchange.note_change()

    def _note_idle(self) -> None:
        if not self.exchange_count:
            self._idle_since = self._loop.time()

    # Deadlines and the end.

    def tick(self, now: float) -> None:
        """Check the deadlines; called about once a second with the loop's time in seconds."""
        if self.is_closed:
            self._limit_closing(now)
        elif not self._is_ready:
            if now - self._since > CONNECT_TIMEOUT:
                self.fail(f"the endpoint did not begin to speak HTTP/2 within {CONNECT_TIMEOUT:g} s")
        elif self._keep_alive.is_waiting:
            if self._keep_alive.is_overdue(now):
                self.fail(f"the connection is dead: no answer to a PING within {limits.PING_TIMEOUT:g} s")
        elif not self.exchange_count and now - self._idle_since > _IDLE_TIMEOUT:
            self.close()
        elif self._keep_alive.is_due(now):
            self._keep_alive.note_ping(now)
            self.engine.ping()
            self._schedule_flush()

    def fail(self, reason: str, *, code: ErrorCode = ErrorCode.NO_ERROR) -> None:
        """Close, and fail every exchange. The peer hears `code`."""
        if self.is_closed:
            return
        text = f"{self._address}: {reason}"
        exchanges = [*self._exchanges.values(), *self._waiting]
        for exchange in self._exchanges.values():
            self.engine.reset(cast("int", exchange.stream_id), ErrorCode.CANCEL)
        self._exchanges.clear()
        self._waiting.clear()
        self._written.clear()
        self._starved.clear()
        if exchanges:
            logger.info("%d exchanges failed: %s", len(exchanges), text)
        for exchange in exchanges:
            exchange.fail(text)
        self.close(code=code)

    def close(self, *, code: ErrorCode = ErrorCode.NO_ERROR) -> None:
        """Send GOAWAY and close the connection. Exchanges that are open learn nothing of it; see `fail`."""
        if self.is_closed:
            return
        transport = self._begin_closing()
        self._discard(self)
        if transport is None:
            return
        self.engine.go_away(is_final=True, code=code)
        transport.write(self.engine.take_output())
        self._reading.close()
        close_gently(transport)
