"""The HTTP/2 engine of a server, over the h2 package: checks of requests, and their limits."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from h2 import events as h2_events
from h2.config import H2Configuration
from h2.settings import SettingCodes

from awaken.transports import limits
from awaken.transports.http2.engine import ErrorCode, Event, PeerLeaving, RequestReceived, StreamClosed
from awaken.transports.http2.h2_stream import H2Stream
from awaken.transports.http2.h2_streams import H2Streams
from awaken.transports.http2.request_head import MalformedRequestError, check_trailers, parse_head

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["H2ServerEngine"]

_CONFIGURATION: Final = H2Configuration(
    client_side=False,
    header_encoding=None,
    # `request_head` checks requests; what goes out is ours, lower case and in order.
    validate_inbound_headers=False,
    normalize_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)

_FIELD_OVERHEAD: Final = 32  # RFC 9113, section 6.5.2


class H2ServerEngine(H2Streams):
    """An `awaken.transports.http2.engine.Engine` over the h2 package."""

    def __init__(self) -> None:
        super().__init__(_CONFIGURATION, {SettingCodes.MAX_CONCURRENT_STREAMS: limits.STREAMS})
        self._handlers |= {
            h2_events.RequestReceived: self._on_request,
            h2_events.TrailersReceived: self._on_trailers,
            h2_events.ConnectionTerminated: lambda _: PeerLeaving(),
        }

    def _on_request(self, event: h2_events.RequestReceived) -> Event | None:
        stream_id = event.stream_id
        if stream_id > self._last_stream_id or len(self._streams) >= limits.STREAMS:
            self._refuse(stream_id, ErrorCode.REFUSED_STREAM)
            return None
        fields = event.headers
        try:
            method, path, headers, query = parse_head(fields)
        except MalformedRequestError:
            self._refuse(stream_id, ErrorCode.PROTOCOL_ERROR)
            return None
        self._streams[stream_id] = H2Stream(stream_id)
        if len(fields) > limits.HEADERS_COUNT or _list_size(fields) > limits.HEADERS_SIZE:
            self.send_headers(stream_id, 431, (), is_end=True)
            return None
        return RequestReceived(stream_id, method, path, headers, query)

    def _on_trailers(self, event: h2_events.TrailersReceived) -> Event | None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return None
        try:
            check_trailers(event.headers)
        except MalformedRequestError:
            self._forget(stream)
            self._refuse(stream.id, ErrorCode.PROTOCOL_ERROR)
            return StreamClosed(stream.id, ErrorCode.PROTOCOL_ERROR)
        return None

    def send_headers(
        self, stream_id: int, status: int, headers: Sequence[tuple[str, str]], *, is_end: bool = False
    ) -> None:
        """Begin the response of a stream; names are lower case."""
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        if (
            self._send(self._h2.send_headers, stream_id, [(":status", str(status)), *headers], is_end)
            and is_end
        ):
            self._end(stream)

    def _refuse(self, stream_id: int, code: ErrorCode) -> None:
        self.reset_count += 1
        self._send(self._h2.reset_stream, stream_id, code)


def _list_size(fields: Sequence[tuple[bytes, bytes]]) -> int:
    return sum(map(len, chain.from_iterable(fields))) + _FIELD_OVERHEAD * len(fields)
