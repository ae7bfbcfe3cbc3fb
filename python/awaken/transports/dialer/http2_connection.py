"""HTTP/2 on asyncio, caller's side: one connection and the exchanges on it.

Everything happens inside `data_received` and one flush per turn of the event loop, as in the server's connection: what
exchanges send in a turn becomes their HEADERS and one DATA frame each, and all frames become one write to the socket.
Exchanges wait here until the connection is open and the peer has said how many streams it takes.

What arrives is read a few frames at a time, in turns with the other connections of the endpoint. While a peer sends
more than its turns can read, its socket is not read, and a rate that no honest peer reaches ends the connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from awaken._core import ConnectionFailed, PeerLeaving, PingAcknowledged, ResponseProgress
from awaken.transports import limits
from awaken.transports.dialer.address import CONNECT_TIMEOUT
from awaken.transports.dialer.client_connection import ClientConnection
from awaken.transports.dialer.http2_reading import Http2Reading
from awaken.transports.dialer.http2_requests import Http2Requests
from awaken.transports.dialer.keep_alive import KeepAlive
from awaken.transports.guard import close_gently, logger
from awaken.transports.http2.engine import ErrorCode
from awaken.transports.http2.engines import make_client_engine

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from awaken.timing.turns import Turns
    from awaken.transports.dialer.address import Address
    from awaken.transports.dialer.http2_outgoing import Http2Outgoing

__all__ = ["Http2ClientConnection"]

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
        self.engine = make_client_engine()
        self._reading = Http2Reading(self, turns, self._loop.time)
        self._requests = Http2Requests(self.engine, address, place)
        self._discard = discard
        self._written: list[Http2Outgoing] = []
        self._starved: set[Http2Outgoing] = set()  # asked for credit, and there was none
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
        return not self._is_leaving and not self.is_closed and self._requests.has_room

    @property
    def exchange_count(self) -> int:
        """How many exchanges are on it, or wait for it."""
        return len(self._requests)

    # From the pool and the exchanges.

    def add(self, exchange: Http2Outgoing) -> None:
        """Take an exchange; it begins with the next flush."""
        exchange.connection = self
        self._requests.add(exchange)
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
        self._requests.cancel(exchange)
        if self.engine.has_output:
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

    def receive(self, data: bytes) -> int:
        """Pass bytes to the engine, and some events to the exchanges; return how many frames were read."""
        changed: list[Http2Outgoing] = []
        self._is_receiving = True
        try:
            events, count = self.engine.receive(data, limits.SLICE)
            for event in events:
                if not isinstance(event, ResponseProgress):
                    self._on_connection_event(event)
                elif (exchange := self._requests.note_progress(event)) is not None:
                    changed.append(exchange)
        finally:
            self._is_receiving = False
        for exchange in changed:
            exchange.announce_change()
        if changed:
            self._note_idle()
        if self._starved:
            self._announce_credit()
        if self.engine.has_output or self._written or self._requests.are_waiting or self._is_leaving:
            self._schedule_flush()
        return count

    def pause_writing(self) -> None:
        """Stop sending: the peer, or the network, is slower than we are."""
        self._is_socket_paused = True

    def resume_writing(self) -> None:
        """Continue sending, and notify the exchanges, which have credit again."""
        self._is_socket_paused = False
        self._flush()
        self._announce_credit()

    def _on_connection_event(self, event: PingAcknowledged | PeerLeaving | ConnectionFailed) -> None:
        if isinstance(event, PingAcknowledged):
            self._keep_alive.note_answer()
        elif isinstance(event, PeerLeaving):
            self._leave()
            self._requests.refuse(event)
        else:
            self.fail(f"the endpoint broke HTTP/2: {event.reason}")

    def _leave(self) -> None:
        """Take no new exchanges, and move those that have not begun to another connection."""
        if not self._is_leaving:
            self._is_leaving = True
            self._discard(self)
            self._requests.give_away()

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
        if engine.is_ready and self._requests.are_waiting:
            self._begin_requests()
        written, self._written = self._written, []
        for exchange in written:
            exchange.hand_over(engine)
            if exchange.is_ended and exchange.is_request_ended:
                self._requests.finish(exchange)
                self._note_idle()
        output = engine.take_output()
        if output:
            transport.write(output)
        if self._starved:
            self._announce_credit()
        if engine.has_output and not self._is_socket_paused:
            self._schedule_flush()
        if self._is_leaving and not engine.stream_count and not engine.has_output:
            self.close()

    def _begin_requests(self) -> None:
        requests = self._requests
        requests.begin()
        if requests.is_last_begun:
            self._leave()
        elif requests.are_waiting:
            if not requests.limit:
                self.fail("the endpoint takes no streams: its MAX_CONCURRENT_STREAMS is 0")
            requests.give_away()

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
        elif not self.engine.is_ready:
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
        exchanges = self._requests.cancel_all()
        self._written.clear()
        self._starved.clear()
        if exchanges:
            logger.debug("%d exchanges failed: %s", len(exchanges), text)
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
        self.engine.go_away(code=code)
        transport.write(self.engine.take_output())
        self._reading.close()
        close_gently(transport)
