"""HTTP/1.1 for ASGI applications: uvicorn's protocol, with deadlines for peers that stay silent.

uvicorn waits as long as a peer likes for a request, for the rest of one, and until its answer is read. It also takes a
peer that ends its side of the connection for one that has left, although such a peer may be waiting for the answer; and
it fails where the rest of a request turns out not to be HTTP while the application answers.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import h11
from uvicorn.protocols.http import h11_impl

from awaken.transports import limits
from awaken.transports.refusals import refusals

if TYPE_CHECKING:
    import asyncio

    from uvicorn import Config
    from uvicorn.server import ServerState

    from awaken.hosting.open_files import Connections

__all__ = ["HttpProtocol"]

#: Seconds for which a request is answered after its peer has ended its side of the connection. From here, a peer that
#: waits for the answer looks like one that has closed the connection, which shows only when something is written.
_HALF_CLOSED_TIMEOUT: Final = 60.0

# uvicorn warns of each request that is not HTTP, without saying who sent it.
_LOGGER: Final = logging.getLogger("uvicorn.error.requests")
_LOGGER.setLevel(logging.ERROR)

# A handler may fail with any code, and uvicorn has phrases only for those below 600. A phrase may be empty.
h11_impl.STATUS_PHRASES.update(dict.fromkeys(range(600, 1000), b""))


class HttpProtocol(h11_impl.H11Protocol):
    """One connection. uvicorn closes it if it is idle between two requests.

    Args:
        config: of uvicorn.
        state: of uvicorn's server.
        connections: those of this address.
    """

    _is_half_closed = False
    _peer_deadline: asyncio.TimerHandle | None = None
    _reading_deadline: asyncio.TimerHandle | None = None

    def __init__(self, config: Config, state: ServerState, connections: Connections) -> None:
        super().__init__(config, state, {})
        self._connections = connections
        self.logger = _LOGGER

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, but not for long."""
        super().connection_made(transport)
        self._expect(limits.OPENING_TIMEOUT)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop the deadlines."""
        self._connections.remove(self)
        self._expect_nothing()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        super().data_received(data)
        self._watch()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection until the requests that have arrived are answered; the peer sends no others."""
        cycle = self.cycle
        is_answering = cycle is not None and not cycle.response_complete and not cycle.more_body
        self._is_half_closed = is_answering and self.scheme == "http"  # TLS has no half-closed connections
        if self._is_half_closed:
            self._expect_nothing()
            self._expect(_HALF_CLOSED_TIMEOUT)
        return self._is_half_closed

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP. Nobody hears an answer of the application after that."""
        refusals.note("%s sent what is not HTTP; is it a client of https?", self.client or "a peer")
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:  # an answer has begun, or is complete
            self.transport.close()

    def on_response_complete(self) -> None:
        """Continue with the next request, or read the rest of this one."""
        super().on_response_complete()
        if self._is_half_closed and self.cycle.response_complete:
            self.transport.close()
        else:
            self._watch()

    def abort(self) -> None:
        """Close the connection at once."""
        self.transport.abort()

    def pause_writing(self) -> None:
        """Expect that the peer reads at least some of what waits for it."""
        super().pause_writing()
        if self._reading_deadline is None:
            self._expect_reading()

    def resume_writing(self) -> None:
        """Note that the peer reads."""
        super().resume_writing()
        if self._reading_deadline is not None:
            self._reading_deadline.cancel()
            self._reading_deadline = None

    def _should_upgrade(self) -> bool:
        """Answer in HTTP/1.1, as HTTP asks for. Some clients offer HTTP/2 with each request; uvicorn warns of it."""
        return False

    def _watch(self) -> None:
        """Expect the rest of what the peer has begun, if nobody else waits for it."""
        if self._is_half_closed:
            return
        is_answering = self.cycle is not None and not self.cycle.response_complete
        self._connections.note(self, is_silent=not is_answering)
        if is_answering:
            self._expect_nothing()  # the application decides how long it waits for the body
        elif self.conn.their_state is h11.SEND_BODY:
            self._expect(limits.DISCARD_TIMEOUT)
        elif self.conn.trailing_data[0]:
            self._expect(limits.OPENING_TIMEOUT)

    def _expect(self, seconds: float) -> None:
        """Set the deadline of the peer, unless it is set."""
        if self._peer_deadline is None:
            self._peer_deadline = self.loop.call_later(seconds, self._give_up)

    def _expect_nothing(self) -> None:
        if self._peer_deadline is not None:
            self._peer_deadline.cancel()
            self._peer_deadline = None

    def _expect_reading(self, unread: int | None = None) -> None:
        """Set the deadline of a peer, if it has read some of `unread` bytes; cut it off otherwise."""
        size = self.transport.get_write_buffer_size()
        if unread is not None and size >= unread:
            self.transport.abort()
        else:
            self._reading_deadline = self.loop.call_later(limits.STALL_TIMEOUT, self._expect_reading, size)

    def _give_up(self) -> None:
        self._peer_deadline = None
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            body = f"no complete request within {limits.OPENING_TIMEOUT:g} s\n".encode()
            headers = [("content-type", "text/plain; charset=utf-8"), ("content-length", str(len(body)))]
            head = h11.Response(
                status_code=408, headers=[*headers, ("connection", "close")], reason="Request Timeout"
            )
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
