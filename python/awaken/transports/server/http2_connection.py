"""HTTP/2 on asyncio, server side: an engine between a socket and many exchanges.

Everything happens inside `data_received` and one flush per turn of the event loop. Exchanges keep what they write in a
turn; the flush makes one DATA frame of it for each of them, and one write to the socket of all frames. No stream has a
task, a queue or a timer; `tick` checks all deadlines.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from awaken.exchange import direct_invocations
from awaken.transports import limits
from awaken.transports.guard import accept_exchange, close_gently, contain, deliver, logger
from awaken.transports.http2.engine import (
    BodyEnded,
    BodyReceived,
    ConnectionFailed,
    ErrorCode,
    Invocation,
    PeerLeaving,
    PingAcknowledged,
    RequestReceived,
    StreamClosed,
)
from awaken.transports.http2.engines import make_rust_engine
from awaken.transports.http2.peer_rates import PeerRates
from awaken.transports.refusals import refusals
from awaken.transports.server.connection import client_of, is_encrypted
from awaken.transports.server.finishing_streams import FinishingStreams
from awaken.transports.server.http2_exchange import Http2Exchange
from awaken.transports.server.http2_invocations import invocations_of
from awaken.transports.server.liveness import Liveness, Stall

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.exchange import AcceptServed
    from awaken.transports.http2.engine import Engine, Event
    from awaken.transports.server.connection import Connections

__all__ = ["Http2ServerConnection"]


class Http2ServerConnection(asyncio.Protocol):
    """One HTTP/2 connection.

    Args:
        accept: called with each request.
        connections: to which the connection adds itself while it is open.
        make_engine: makes the protocol engine; the default is that of the compiled core.
    """

    def __init__(
        self,
        accept: AcceptServed,
        connections: Connections,
        make_engine: Callable[[], Engine] = make_rust_engine,
    ) -> None:
        self.engine = make_engine()
        self.is_socket_paused = False
        self._accept = accept
        self._connections = connections
        self._is_limited = connections.options.most_connections is not None
        #: Called with the status of each answer; None if nobody counts them.
        self.on_status = connections.options.on_status
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._exchanges: dict[int, Http2Exchange] = {}
        self._written: list[Http2Exchange] = []  # with bytes for the next flush
        self._waiting: set[Http2Exchange] = set()  # paused because of the socket
        self._finishing = FinishingStreams(self.engine)
        self._invocations = invocations_of(self.engine, direct_invocations(accept), self.schedule_flush)
        self._rates = PeerRates(self.engine, self._loop.time)
        self._is_receiving = False
        self._is_flush_scheduled = False
        self._is_closing = False
        self._is_draining = False
        self._is_goaway_final = False
        self._drained_at = 0.0
        self._closing_at = 0.0
        self._late_size = 0  # bytes that came while closing
        self._begun_head = 0  # the stream of a header block that is not complete, 0 if there is none
        self._begun_head_since = 0.0
        self._unanswered_pings = 0
        self._now = self._loop.time()
        self._liveness = Liveness(self._now)
        self._idle_since = self._now
        self._stall = Stall(self._now)

    @property
    def http_version(self) -> str:
        """`2`."""
        return "2"

    @property
    def exchange_count(self) -> int:
        """How many exchanges are live: their request, or their response, has not ended."""
        return self.engine.stream_count

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
        """Send our settings at once."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=limits.OUTPUT_SIZE)
        self._connections.add(self)
        self.schedule_flush()

    def data_received(self, data: bytes) -> None:
        """Pass the bytes to the engine, and its events to the exchanges."""
        if self._is_closing:
            self._late_size += len(data)
            if self._late_size > limits.DISCARD_SIZE and self._transport is not None:
                self._transport.abort()
            return
        self._liveness.hear(self._now)
        self._is_receiving = True
        try:
            for event in self.engine.receive(data):
                if isinstance(event, Invocation):
                    self._invocations.receive(event)
                elif isinstance(event, BodyReceived):
                    self._on_body(event)
                elif isinstance(event, RequestReceived):
                    self._on_request(event)
                elif isinstance(event, BodyEnded):
                    self._on_request_ended(event)
                elif isinstance(event, StreamClosed):
                    self._on_closed(event)
                else:
                    self._on_connection_event(event)
        finally:
            self._is_receiving = False
        if self.engine.begun_head != self._begun_head:
            self._begun_head = self.engine.begun_head
            self._begun_head_since = self._loop.time()
        excess = self._rates.find_excess()
        if excess is not None:
            self._calm(excess)
        self.schedule_flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Disconnect the exchanges that are live."""
        self._is_closing = True
        self._transport = None
        self._connections.discard(self)
        self._lose_all()

    def pause_writing(self) -> None:
        """Stop writing: the peer, or the network, is slower than we are."""
        self.is_socket_paused = True
        self._invocations.pause()
        self._stall.begin(self._loop.time())

    def resume_writing(self) -> None:
        """Continue writing, and resume the exchanges that were paused."""
        self.is_socket_paused = False
        self._flush()
        waiting, self._waiting = self._waiting, set()
        for exchange in waiting:
            if self.is_socket_paused:
                self._waiting.add(exchange)
            else:
                exchange.resume()
        if not self.is_socket_paused:
            self._invocations.resume_waiting()

    # From the engine.

    def _on_request(self, event: RequestReceived) -> None:
        exchange = Http2Exchange(self, event.stream_id, event.method, event.path, event.headers, event.query)
        if self._is_limited:
            self._connections.note_busy(self)
        accept_exchange(self._accept, exchange)
        if not exchange.is_ended:
            self._exchanges[event.stream_id] = exchange
            if self._is_draining:
                deliver(exchange, exchange.receiver.drain)

    def _on_body(self, event: BodyReceived) -> None:
        exchange = self._exchanges.get(event.stream_id)
        if exchange is None:
            self.engine.acknowledge(event.stream_id, len(event.data))
            return
        try:
            exchange.receiver.receive_data(event.data)
        except BaseException as error:
            contain(exchange, error)

    def _on_request_ended(self, event: BodyEnded) -> None:
        self._finishing.pop(event.stream_id, None)
        exchange = self._exchanges.get(event.stream_id)
        if exchange is not None:
            deliver(exchange, exchange.receiver.receive_end)
        else:
            self._note_idle()

    def _on_closed(self, event: StreamClosed) -> None:
        self._finishing.pop(event.stream_id, None)
        exchange = self._exchanges.pop(event.stream_id, None)
        if exchange is not None:
            exchange.lose()
        self._note_idle()

    def _on_connection_event(self, event: Event) -> None:
        if isinstance(event, PingAcknowledged):
            self._unanswered_pings -= 1
            if self._is_draining and not self._unanswered_pings:
                self._finish_goaway()
        elif isinstance(event, PeerLeaving):
            self._is_draining = True
            self._finish_goaway()
        elif isinstance(event, ConnectionFailed):
            self._fail(event.reason)

    # From the exchanges.

    def note_written(self, exchange: Http2Exchange) -> None:
        """Call `hand_over` of the exchange with the next flush."""
        self._written.append(exchange)
        self.schedule_flush()

    def note_waiting(self, exchange: Http2Exchange) -> None:
        """Call `resume` of the exchange when the socket takes bytes again."""
        self._waiting.add(exchange)

    def note_ended(self, exchange: Http2Exchange) -> None:
        """Forget the exchange: its response is written, or given up."""
        self._exchanges.pop(exchange.stream_id, None)
        self._waiting.discard(exchange)

    def schedule_flush(self) -> None:
        """Flush at the end of this turn of the loop, or at its next one while bytes are being received."""
        if not self._is_flush_scheduled and not self._is_receiving and not self._is_closing:
            self._is_flush_scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flush_scheduled = False
        transport = self._transport
        if transport is None or self.is_socket_paused:
            return  # `resume_writing` flushes
        engine = self.engine
        written = self._written
        resumed: set[Http2Exchange] = set()
        if written:
            self._written = []
            for exchange in written:
                if exchange.hand_over(engine):
                    resumed.add(exchange)
        output = engine.take_output()
        if output:
            transport.write(output)
        for stream_id in engine.take_resumed():
            if stream_id in self._exchanges:
                resumed.add(self._exchanges[stream_id])
            else:
                self._invocations.resume(stream_id)
        for exchange in resumed:
            exchange.resume()
        if engine.has_output and not self.is_socket_paused:
            self.schedule_flush()
        if self._is_draining:
            self._watch_finished(self._loop.time())
            self._close_when_done()

    def _watch_finished(self, now: float) -> None:
        """Watch the streams of invocations whose response is written, as `note_handed_over` does for exchanges."""
        for stream_id in self._invocations.take_finished():
            self._finishing.add(stream_id, now)
        if self._invocations.take_activity():
            self._idle_since = now

    def note_handed_over(self, stream_id: int) -> None:
        """Watch a stream whose response is written until the peer has read it, and has ended its request."""
        if self.engine.is_open(stream_id):
            self._finishing.add(stream_id, self._loop.time() if self._is_draining else self._now)
        else:
            self._note_idle()

    def _note_idle(self) -> None:
        if not self.engine.stream_count:
            self._idle_since = self._now
            self._connections.note_silent(self)

    # Deadlines, limits and the end.

    def tick(self, now: float) -> None:
        """Check the deadlines; called about once a second with the loop's time in seconds."""
        self._watch_finished(self._now)
        self._now = now
        if self._is_closing:
            self._give_up_closing(now)
            return
        self._reset_overdue(now)
        if self.is_socket_paused:
            # A PING would wait behind what the peer does not read: `_is_stalled` decides.
            self._liveness.hear(now)
        if self._begun_head and now - self._begun_head_since > limits.OPENING_TIMEOUT:
            self._calm(
                f"the header block of stream {self._begun_head} was not complete within {limits.OPENING_TIMEOUT:g} s"
            )
        elif self.is_socket_paused and self._is_stalled(now):
            logger.info("%s read nothing for %g s; connection aborted", self._peer(), limits.STALL_TIMEOUT)
            self.abort()
        elif self._liveness.is_gone(now):
            logger.info(
                "%s did not answer a PING within %g s; connection aborted", self._peer(), limits.PING_TIMEOUT
            )
            self.abort()
        elif self._is_draining:
            if now - self._drained_at > limits.GOAWAY_TIMEOUT:
                self._finish_goaway()
        elif not self.engine.stream_count:
            has_spoken = self.engine.control_frame_count  # the preface is followed by SETTINGS
            allowed = self._connections.options.idle_timeout if has_spoken else limits.OPENING_TIMEOUT
            if now - self._idle_since > allowed:
                self._leave()
        elif self._liveness.begin_to_ask(now):
            self._ping()
            self.schedule_flush()

    def _is_stalled(self, now: float) -> bool:
        return self._stall.is_over(
            now, 0 if self._transport is None else self._transport.get_write_buffer_size()
        )

    def _reset_overdue(self, now: float) -> None:
        # There is no point in waiting for a peer that has its answer, least of all when the process is about to stop.
        allowed = limits.HALF_CLOSE_TIMEOUT if self._is_draining else limits.DISCARD_TIMEOUT
        if self._finishing.reset_overdue(now, allowed):
            self._note_idle()
            self.schedule_flush()

    def _give_up_closing(self, now: float) -> None:
        transport = self._transport
        if transport is not None:
            allowed = limits.STALL_TIMEOUT if transport.get_write_buffer_size() else limits.LINGER_TIMEOUT
            if now - self._closing_at > allowed:
                transport.abort()

    def drain(self) -> None:
        """Take no new work, drain the live exchanges, and close when the last one is done.

        In two steps (RFC 9113, section 6.8), so that requests the peer sent before it received the first are served.
        """
        if self._connections.options.awaits_requests_in_flight or self.engine.stream_count:
            self._leave()
        else:
            self.abort()  # there is nothing to give up but the connection, after GOAWAY

    def _leave(self) -> None:
        if self._is_closing:
            return
        if not self._is_draining:
            self._is_draining = True
            self._drained_at = self._loop.time()
            self.engine.go_away(is_final=False)
            self._ping()
            self._watch_finished(self._now)
            self._reset_overdue(self._drained_at)
        for exchange in list(self._exchanges.values()):
            deliver(exchange, exchange.receiver.drain)
        self._invocations.drain()
        self.schedule_flush()

    def _ping(self) -> None:
        self._unanswered_pings += 1
        self.engine.ping()

    def _finish_goaway(self) -> None:
        if not self._is_goaway_final:
            self._is_goaway_final = True
            self.engine.go_away(is_final=True)
            self.schedule_flush()

    def _calm(self, reason: str) -> None:
        if not self._is_closing:
            self.engine.go_away(is_final=True, code=ErrorCode.ENHANCE_YOUR_CALM)
            self._fail(reason)

    def _fail(self, reason: str) -> None:
        """Send what the engine has to say, and close."""
        refusals.note("HTTP/2 connection of %s closed: %s", self._peer(), reason)
        self._written.clear()
        self._flush()
        self._close()
        self._lose_all()

    def _close_when_done(self) -> None:
        if self._is_goaway_final and not self.engine.stream_count and not self.engine.has_output:
            self._close()

    def _close(self) -> None:
        if self._is_closing or self._transport is None:
            return
        self._is_closing = True
        self._closing_at = self._loop.time()
        close_gently(self._transport)

    def abort(self) -> None:
        """Give up what is still live, and close."""
        for stream_id in (*self._exchanges, *self._invocations.stream_ids()):
            self.engine.reset(stream_id, ErrorCode.CANCEL)
        if not self._is_closing:
            self._finish_goaway()
            self._flush()
        self._lose_all()
        if self._transport is not None:
            self._is_closing = True
            if self.is_socket_paused:
                self._transport.abort()
            else:
                self._transport.close()

    def _lose_all(self) -> None:
        exchanges = list(self._exchanges.values())
        self._exchanges.clear()
        self._written.clear()
        self._waiting.clear()
        for exchange in exchanges:
            exchange.lose()
        self._invocations.lose_all()

    def _peer(self) -> object:
        return "a lost peer" if self._transport is None else self._transport.get_extra_info("peername")
