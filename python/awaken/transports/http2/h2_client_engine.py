"""The HTTP/2 engine of a caller, over the h2 package: requests out, responses in.

The mirror of `h2_server_engine`; both stand on `h2_streams`. A stream's bytes are kept until the peer's window allows
them, and the peer gets credit as the caller takes the response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from h2 import events as h2_events
from h2.config import H2Configuration
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from awaken.transports.guard import logger
from awaken.transports.http2.engine import (
    ErrorCode,
    Event,
    PeerLeaving,
    PeerReady,
    ResponseReceived,
    StreamClosed,
)
from awaken.transports.http2.h2_stream import H2Stream
from awaken.transports.http2.h2_streams import H2Streams

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["H2ClientEngine"]

_CONFIGURATION: Final = H2Configuration(
    client_side=True,
    header_encoding=None,
    # What is used of a response is checked here; what goes out is ours, lower case and in order.
    validate_inbound_headers=False,
    normalize_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)

# How many other frames without use cost as much as one SETTINGS, which changes every stream. No peer changes its
# settings more than a few times.
_SETTINGS_COST: Final = 10

# A connection takes no more streams after this one: well below the last id, and two months away at 200 a second.
_LAST_STREAM_ID: Final = 2**31 - 1025


class H2ClientEngine(H2Streams):
    """The caller's side of one HTTP/2 connection. No I/O and no clock; calls for streams that are gone do nothing."""

    discards_after_end: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(_CONFIGURATION, {SettingCodes.ENABLE_PUSH: 0})
        self._handlers |= {
            h2_events.ResponseReceived: self._on_response,
            h2_events.ConnectionTerminated: self._on_goaway,
        }
        self._is_ready = False

    @property
    def max_streams(self) -> int:
        """How many streams the peer allows at once; a very large number if it does not say."""
        return self._h2.remote_settings.max_concurrent_streams

    @property
    def unsent_size(self) -> int:
        """Bytes that are ready and were not taken; while nothing is taken, they answer frames of the peer."""
        return len(self._h2._data_to_send)

    @property
    def is_exhausted(self) -> bool:
        """Whether the connection has used up its stream ids."""
        return self._h2.highest_outbound_stream_id >= _LAST_STREAM_ID

    def open(self, headers: Sequence[tuple[bytes, bytes]], *, is_end: bool) -> int | None:
        """Begin a request, pseudo headers first. Returns None if the connection takes no more streams."""
        try:
            stream_id = self._h2.get_next_available_stream_id()
            self._h2.send_headers(stream_id, headers, is_end)
        except ProtocolError as error:
            logger.debug("a stream could not be opened: %s", error)
            return None
        self._has_output = True
        stream = self._streams[stream_id] = H2Stream(stream_id)
        if is_end:
            self._end(stream)
        return stream_id

    def window(self, stream_id: int) -> int:
        """Return how many bytes of this stream the peer takes beyond those that wait; 0 if it is gone."""
        stream = self._streams.get(stream_id)
        if stream is None or stream.is_ended:
            return 0
        try:
            return max(0, self._h2.local_flow_control_window(stream_id) - stream.pending_size)
        except (ProtocolError, KeyError):
            return 0  # the peer reset the stream; the event is on its way

    def _on_response(self, event: h2_events.ResponseReceived) -> Event | None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return None
        status = 0
        headers = []
        for name, value in event.headers:
            if name == b":status" and value.isdigit():
                status = int(value)
            elif not name.startswith(b":"):
                headers.append((name.decode("latin-1"), value.decode("latin-1")))
        if not 200 <= status <= 999:
            self.reset(stream.id, ErrorCode.PROTOCOL_ERROR)
            return StreamClosed(stream.id, ErrorCode.PROTOCOL_ERROR)
        return ResponseReceived(stream.id, status, headers)

    def _on_goaway(self, event: h2_events.ConnectionTerminated) -> Event:
        return PeerLeaving(
            last_stream_id=event.last_stream_id or 0,
            code=int(event.error_code or 0),
            detail=(event.additional_data or b"").decode("utf-8", "replace"),
        )

    def _on_reset(self, event: h2_events.StreamReset) -> Event | None:
        # Each stream is an attempt of ours, and may fail. Only resets of what is gone are many without our doing.
        is_ours = event.stream_id in self._streams
        closed = super()._on_reset(event)
        self.reset_count -= is_ours
        return closed

    def _on_settings(self, event: h2_events.RemoteSettingsChanged) -> Event | None:
        super()._on_settings(event)
        self.control_frame_count += _SETTINGS_COST - 1
        if self._is_ready:
            return None
        self._is_ready = True
        return PeerReady()
