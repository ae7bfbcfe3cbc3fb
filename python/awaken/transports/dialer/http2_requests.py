"""The exchanges of one HTTP/2 connection: those that wait for a stream, and those that have one."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from awaken.transports.http2.engine import ErrorCode, describe_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken._core import Http2ClientEngine, PeerLeaving, ResponseProgress
    from awaken.transports.dialer.address import Address
    from awaken.transports.dialer.http2_outgoing import Http2Outgoing

__all__ = ["Http2Requests"]

#: Streams used of one connection, even if its peer allows more, and before it has said how many. As the server does.
_MOST_STREAMS: Final = 128
_FIRST_STREAMS: Final = 50

# Requests on one connection. At the 1,001st, Hypercorn says GOAWAY and then nothing more, on any stream, while it keeps
# the connection open; nginx closes at as many.
_MOST_REQUESTS: Final = 900

# Share of them in use at which another connection is opened, so that long exchanges cannot fill one and block the rest.
_FULL: Final = 0.7


class Http2Requests:
    """Gives exchanges to streams, and what arrives on streams to exchanges.

    Args:
        engine: of the connection.
        address: of the endpoint, for `:authority` and for error texts.
        place: called with each exchange that needs another connection.
    """

    __slots__ = ("_address", "_begun", "_begun_count", "_engine", "_place", "_waiting")

    def __init__(
        self, engine: Http2ClientEngine, address: Address, place: Callable[[Http2Outgoing], None]
    ) -> None:
        self._engine = engine
        self._address = address
        self._place = place
        self._waiting: deque[Http2Outgoing] = deque()
        self._begun: dict[int, Http2Outgoing] = {}
        self._begun_count = 0

    def __len__(self) -> int:
        """How many exchanges are on the connection, or wait for it."""
        return self._engine.stream_count + len(self._waiting)

    @property
    def are_waiting(self) -> bool:
        """Whether an exchange waits for a stream."""
        return bool(self._waiting)

    @property
    def has_room(self) -> bool:
        """Whether one more exchange should be added."""
        return len(self) < max(1, int(self.limit * _FULL))

    @property
    def limit(self) -> int:
        """How many streams may be open at once."""
        engine = self._engine
        return min(_MOST_STREAMS, engine.max_streams) if engine.is_ready else _FIRST_STREAMS

    @property
    def is_last_begun(self) -> bool:
        """Whether no request can begin on this connection any more."""
        return self._begun_count >= _MOST_REQUESTS or self._engine.is_exhausted

    def add(self, exchange: Http2Outgoing) -> None:
        """Take an exchange, which waits until `begin`."""
        self._waiting.append(exchange)

    def begin(self) -> None:
        """Send the heads of waiting exchanges, as many as the peer allows."""
        engine = self._engine
        limit = self.limit
        while self._waiting and engine.stream_count < limit and not self.is_last_begun:
            exchange = self._waiting.popleft()
            try:
                stream_id = exchange.begin(engine, self._address)
            except ValueError as error:
                exchange.fail(f"{self._address}: {error}")
                continue
            if stream_id is None:
                self._waiting.appendleft(exchange)
                return
            self._begun_count += 1
            self._begun[stream_id] = exchange

    def note_progress(self, progress: ResponseProgress) -> Http2Outgoing | None:
        """Give an exchange what arrived of its response, and return it."""
        exchange = self._begun.get(progress.stream_id)
        if exchange is None:
            return None
        exchange.receive(progress)
        failure = _describe_failure(progress)
        if failure is not None:
            del self._begun[progress.stream_id]
            exchange.fail(f"{self._address}: {failure}")
        elif exchange.is_ended and exchange.is_request_ended:
            self.finish(exchange)
        return exchange

    def finish(self, exchange: Http2Outgoing) -> None:
        """Forget an exchange that has ended in both directions; request bytes that still wait are discarded."""
        self._drop(exchange, ErrorCode.NO_ERROR)

    def cancel(self, exchange: Http2Outgoing) -> None:
        """Reset an exchange's stream, or forget that it waits for one."""
        if exchange.stream_id is not None:
            self._drop(exchange, ErrorCode.CANCEL)
        elif exchange in self._waiting:
            self._waiting.remove(exchange)

    def _drop(self, exchange: Http2Outgoing, code: ErrorCode) -> None:
        stream_id = exchange.stream_id
        if stream_id is not None and self._begun.pop(stream_id, None) is not None:
            self._engine.reset(stream_id, code)

    def give_away(self) -> None:
        """Move those that have not begun to another connection."""
        waiting, self._waiting = self._waiting, deque()
        for exchange in waiting:
            exchange.connection = None
            self._place(exchange)

    def refuse(self, leaving: PeerLeaving) -> None:
        """Fail those that the peer will not process."""
        last = leaving.last_stream_id
        refused = [exchange for stream_id, exchange in self._begun.items() if stream_id > last]
        detail = f" ({leaving.detail})" if leaving.detail else ""
        for exchange in refused:
            self.cancel(exchange)
            exchange.fail(
                f"{self._address}: the endpoint is leaving: GOAWAY {describe_code(leaving.code)}{detail}"
            )

    def cancel_all(self) -> list[Http2Outgoing]:
        """Cancel all, and return them."""
        exchanges = [*self._begun.values(), *self._waiting]
        for stream_id in self._begun:
            self._engine.reset(stream_id, ErrorCode.CANCEL)
        self._begun.clear()
        self._waiting.clear()
        return exchanges


def _describe_failure(progress: ResponseProgress) -> str | None:
    """Return why the stream is gone; None if it is not."""
    if progress.reset_code is not None:
        return f"the endpoint reset the stream: {describe_code(progress.reset_code)}"
    if progress.broken_rule is not None:
        return f"the endpoint broke HTTP/2: {progress.broken_rule}"
    return None
