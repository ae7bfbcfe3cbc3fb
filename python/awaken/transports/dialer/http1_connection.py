"""HTTP/1.1 on asyncio, caller's side: one connection, one exchange after the other, with h11 for the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

import h11

from awaken.transports import limits
from awaken.transports.dialer.address import describe_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.transports.dialer.address import Address
    from awaken.transports.dialer.http1_outgoing import Http1Call

__all__ = ["Http1Link"]

# Seconds an idle connection is kept: as long as the server keeps one.
_IDLE_TIMEOUT: Final = 5 * 60.0

_BODILESS_METHODS: Final = frozenset(["GET", "HEAD"])


class Http1Link(asyncio.Protocol):
    """One connection to an endpoint.

    Args:
        address: of the endpoint, for what is told to people and for `host`.
        note_idle: told when the connection can take the next call.
        discard: told when it takes no more.
    """

    def __init__(
        self,
        address: Address,
        note_idle: Callable[[Http1Link], None],
        discard: Callable[[Http1Link], None],
    ) -> None:
        self._address = address
        self._note_idle = note_idle
        self._discard = discard
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.HEADERS_SIZE)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._call: Http1Call | None = None
        self._is_begun = False
        self._is_flush_scheduled = False
        self._is_socket_paused = False
        self._is_reading_paused = False
        self._is_closed = False
        self._idle_since = self._loop.time()
        self._lost = asyncio.Event()

    @property
    def buffered_size(self) -> int:
        """How many bytes wait for the socket; all there may be while it takes none."""
        if self._is_socket_paused:
            return limits.OUTPUT_SIZE
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def begin(self, call: Http1Call) -> None:
        """Take a call; its head goes out with the next flush."""
        self._call = call
        self._is_begun = False
        call.link = self
        self.schedule_flush()

    async def wait_closed(self) -> None:
        """Wait until the connection is gone."""
        await self._lost.wait()

    # From the socket.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what waits."""
        self._transport = cast("asyncio.Transport", transport)
        # Half of what a call has credit for: either the socket says when it takes more, or there is credit left.
        self._transport.set_write_buffer_limits(high=limits.OUTPUT_SIZE // 2)
        if self._is_closed:
            self._transport.abort()
        else:
            self._flush()

    def data_received(self, data: bytes) -> None:
        """Read the response, as far as it is there."""
        if self._is_closed:
            return
        self._h11.receive_data(data)
        self._advance()

    def eof_received(self) -> None:
        """Read the rest: the end may be what ends the response."""
        if self._is_closed:
            return
        self._h11.receive_data(b"")
        self._advance()

    def pause_writing(self) -> None:
        """Let the call have no credit: the peer, or the network, is slower than we are."""
        self._is_socket_paused = True

    def resume_writing(self) -> None:
        """Go on, and tell the call, which has credit again."""
        self._is_socket_paused = False
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the call that is not over."""
        self._transport = None
        self._lost.set()
        reason = "closed by the endpoint" if exc is None else describe_error(exc)
        self.fail(f"the connection was lost: {reason}")

    def _advance(self) -> None:
        call = self._call
        try:
            is_changed = self._read(call) if call is not None else self._read_unasked()
        except h11.RemoteProtocolError as error:
            self.fail(f"the endpoint broke HTTP/1.1: {error}")
            return
        if call is not None and is_changed:
            call.tell_change()
        self.adjust_reading()
        self._finish_if_done()

    def _read(self, call: Http1Call) -> bool:
        is_changed = False
        while True:
            event = self._h11.next_event()
            if isinstance(event, h11.Response):
                call.status = event.status_code
                call.headers = [
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers
                ]
            elif isinstance(event, h11.Data):
                call.collect(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                call.is_ended = True
            elif isinstance(event, h11.ConnectionClosed):
                if not call.is_ended:
                    self.fail("the connection was lost: closed by the endpoint")
                return False
            elif event is h11.NEED_DATA or event is h11.PAUSED:
                return is_changed
            is_changed = True

    def _read_unasked(self) -> bool:
        """Close: the peer ended an idle connection, or says something nobody asked for."""
        self.fail("closed by the endpoint")
        return False

    def _finish_if_done(self) -> None:
        """Get ready for the next call when both directions of this one are done."""
        call = self._call
        if call is None or self._is_closed or not call.is_ended or not call.is_request_ended:
            return
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._call = None
            call.link = None
            self.adjust_reading()  # what nobody took of this response is the call's, not the connection's
            self._h11.start_next_cycle()
            self._idle_since = self._loop.time()
            self._is_begun = False
            self._note_idle(self)
        elif self._h11.our_state in (h11.MUST_CLOSE, h11.CLOSED, h11.ERROR):
            self.close()

    # Sending.

    def schedule_flush(self) -> None:
        """Send at the end of this turn of the loop."""
        if not self._is_flush_scheduled and not self._is_closed:
            self._is_flush_scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flush_scheduled = False
        call = self._call
        if call is None or self._transport is None or self._is_closed or self._is_socket_paused:
            return  # `connection_made`, `resume_writing` and `begin` come back to it
        output = []
        try:
            if not self._is_begun:
                self._is_begun = True
                output.append(self._h11.send(self._head(call)))
            data = call.drop_sent()
            if data:
                output.append(self._h11.send(h11.Data(data=data)))
            if call.is_request_ended and self._h11.our_state is h11.SEND_BODY:
                output.append(self._h11.send(h11.EndOfMessage()))
        except h11.LocalProtocolError as error:
            self.fail(f"the request does not fit HTTP/1.1: {error}")
            return
        joined = b"".join(filter(None, output))
        if joined:
            self._transport.write(joined)
        if call.is_starved and call.credit > 0:
            call.note_change()
        self._finish_if_done()

    def _head(self, call: Http1Call) -> h11.Request:
        headers = [("host", self._address.authority), *call.request_headers.items()]
        if call.method not in _BODILESS_METHODS:
            headers.append(("transfer-encoding", "chunked"))
        return h11.Request(method=call.method, target=call.target, headers=headers)

    def adjust_reading(self) -> None:
        """Stop reading while more of the response waits than a stream's window in HTTP/2."""
        if self._transport is None or self._is_closed:
            return
        size = 0 if self._call is None else self._call.received_size
        if size > limits.STREAM_WINDOW and not self._is_reading_paused:
            self._is_reading_paused = True
            self._transport.pause_reading()
        elif size <= limits.STREAM_WINDOW and self._is_reading_paused:
            self._is_reading_paused = False
            self._transport.resume_reading()

    # The end.

    def tick(self, now: float) -> None:
        """Close a connection that has been idle for long; called about once a second."""
        if now - self._idle_since > _IDLE_TIMEOUT:
            self.close()

    def fail(self, reason: str, *, is_callers_wish: bool = False) -> None:
        """Close, and fail the call that is not over."""
        if self._is_closed:
            return
        call = self._call
        self.close()
        if call is not None and not is_callers_wish:
            call.fail(f"{self._address}: {reason}")

    def close(self) -> None:
        """Close at once: what is not over is not told, see `fail`."""
        if self._is_closed:
            return
        self._is_closed = True
        call, self._call = self._call, None
        if call is not None:
            call.link = None
        self._discard(self)
        if self._transport is None:
            self._lost.set()
        elif self._h11.our_state is h11.IDLE:
            self._transport.close()
        else:
            self._transport.abort()
