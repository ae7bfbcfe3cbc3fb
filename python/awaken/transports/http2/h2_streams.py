"""The streams of an HTTP/2 engine over the h2 package, their credit, and their limits.

h2 keeps the state of the protocol and of HPACK. This adds what h2 leaves to its user: when the peer gets credit, how
much is too much, and (in `h2_send_queue`) which stream may send. `h2_server_engine` makes a server of it.

A comment marks each place where h2 is not used as it is meant to be: check them when h2 changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from h2 import events as h2_events
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame, HeadersFrame

from awaken.transports import limits
from awaken.transports.guard import logger
from awaken.transports.http2.engine import (
    BodyEnded,
    BodyReceived,
    ConnectionFailed,
    ErrorCode,
    Event,
    PingAcknowledged,
    StreamClosed,
)
from awaken.transports.http2.h2_lean_connection import H2LeanConnection
from awaken.transports.http2.h2_send_queue import H2SendQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from h2.config import H2Configuration

    from awaken.transports.http2.h2_stream import H2Stream

__all__ = ["H2Streams"]

_CONNECTION_CREDIT: Final = limits.CONNECTION_WINDOW // 2
_LARGEST_STREAM_ID: Final = 2**31 - 1
_FRAME_HEADER: Final = 9  # bytes


class H2Streams:
    """The streams of one connection.

    Args:
        configuration: of the connection.
        settings: what to announce beyond the windows and limits of `limits`.
    """

    def __init__(self, configuration: H2Configuration, settings: Mapping[SettingCodes, int]) -> None:
        connection = H2LeanConnection(configuration)
        connection.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.INITIAL_WINDOW_SIZE: limits.STREAM_WINDOW,
                SettingCodes.MAX_FRAME_SIZE: limits.MAX_FRAME_SIZE,
                SettingCodes.MAX_HEADER_LIST_SIZE: limits.HEADERS_SIZE,
                **settings,
            },
        )
        connection.max_inbound_frame_size = limits.MAX_FRAME_SIZE
        connection.decoder.max_header_list_size = limits.DECODED_HEADERS_SIZE
        connection.initiate_connection()
        connection.increment_flow_control_window(limits.CONNECTION_WINDOW - 65_535)
        self._h2 = connection
        self._streams: dict[int, H2Stream] = {}
        self._send_queue = H2SendQueue(connection, self._end)
        self._credit = 0  # of the connection
        self._partial_size = 0  # bytes received since the last event
        self._goaway = b""
        self._last_stream_id = _LARGEST_STREAM_ID
        self._has_output = True
        self.control_frame_count = 0
        self.reset_count = 0
        self._handlers: dict[type[h2_events.Event], Callable[..., Event | None]] = {
            h2_events.DataReceived: self._on_data,
            h2_events.StreamEnded: self._on_end,
            h2_events.WindowUpdated: self._on_window,
            h2_events.StreamReset: self._on_reset,
            h2_events.RemoteSettingsChanged: self._on_settings,
            h2_events.PingAckReceived: lambda _: PingAcknowledged(),
            h2_events.PingReceived: self._on_control,
            h2_events.PriorityUpdated: self._on_control,
            h2_events.UnknownFrameReceived: self._on_control,
        }

    @property
    def stream_count(self) -> int:
        """How many streams are open, in either direction."""
        return len(self._streams)

    @property
    def begun_head(self) -> int:
        """The stream of a header block that has begun and is not complete, 0 if there is none."""
        buffer = self._h2.incoming_buffer
        if buffer._headers_buffer:
            return buffer._headers_buffer[0].stream_id
        data = buffer._data
        is_headers = len(data) >= _FRAME_HEADER and data[3] == HeadersFrame.type
        return int.from_bytes(data[5:_FRAME_HEADER]) & _LARGEST_STREAM_ID if is_headers else 0

    @property
    def has_output(self) -> bool:
        """Whether `take_output` would return bytes."""
        return self._has_output or self._send_queue.is_ready

    def pending_size(self, stream_id: int) -> int:
        """Return how many bytes of this stream wait for the peer's window."""
        stream = self._streams.get(stream_id)
        return 0 if stream is None else stream.pending_size

    def is_stalled(self, stream_id: int) -> bool:
        """Return whether more than `limits.BUFFER_HIGH` waited, and more than `limits.BUFFER_LOW` still waits."""
        stream = self._streams.get(stream_id)
        return stream is not None and stream.is_stalled

    def is_open(self, stream_id: int) -> bool:
        """Return whether the stream is open in either direction."""
        return stream_id in self._streams

    # Receiving.

    def receive(self, data: bytes) -> Sequence[Event]:
        """Take bytes from the network. Never raises: an error of the peer is an event."""
        events: list[Event] = []
        self._has_output = True  # most frames have an answer, and taking an empty output costs nothing
        try:
            received = self._h2.receive_data(data)
        except ProtocolError as error:
            return [ConnectionFailed(str(error))]
        except Exception as error:
            logger.exception("h2 failed on bytes of the peer; its connection ends")
            self.go_away(is_final=True, code=ErrorCode.INTERNAL_ERROR)
            return [ConnectionFailed(f"{type(error).__name__} in the engine: {error}")]
        if received:
            self._partial_size = 0
        else:
            # h2 checks the length of a frame only when the frame is complete.
            self._partial_size += len(data)
            if self._partial_size > limits.PARTIAL_FRAMES_SIZE:
                self.go_away(is_final=True, code=ErrorCode.ENHANCE_YOUR_CALM)
                return [ConnectionFailed(f"{self._partial_size} bytes arrived without completing a frame")]
        handlers = self._handlers
        for event in received:
            handler = handlers.get(type(event))
            if handler is not None:
                translated = handler(event)
                if translated is not None:
                    events.append(translated)
        return events

    def _on_data(self, event: h2_events.DataReceived) -> Event | None:
        size = len(event.data)
        length = event.flow_controlled_length
        self._give_connection_credit(length)
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return None
        stream.window -= length
        if not size and event.stream_ended is None:
            self.control_frame_count += 1
        # Padding counts as consumed; credit that was held back may be due, since the peer has less left now.
        self._give_stream_credit(stream, length - size)
        if stream.is_ended:
            self._discard(stream, size)
            return None
        if not size:
            return None
        stream.unacknowledged += size
        return BodyReceived(stream.id, event.data)

    def _discard(self, stream: H2Stream, size: int) -> None:
        # The response has ended, and the peer may not know it yet.
        self._give_stream_credit(stream, size)
        stream.discarded += size
        if stream.discarded > limits.DISCARD_SIZE and not stream.pending_size:
            # RFC 9113, section 8.1: the response stands, and the peer sends no more.
            self.reset(stream.id, ErrorCode.NO_ERROR)

    def _on_end(self, event: h2_events.StreamEnded) -> Event | None:
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return None
        stream.is_peer_ended = True
        if stream.is_ended and not stream.is_end_pending:
            self._forget(stream)
        return BodyEnded(stream.id)

    def _on_reset(self, event: h2_events.StreamReset) -> Event | None:
        self.reset_count += 1
        stream = self._streams.get(event.stream_id)
        if stream is None:
            return None
        self._forget(stream)
        return StreamClosed(stream.id, int(event.error_code or 0))

    def _on_window(self, event: h2_events.WindowUpdated) -> None:
        if event.stream_id:
            stream = self._streams.get(event.stream_id)
            if stream is not None:
                self._send_queue.retry(stream)

    def _on_settings(self, event: h2_events.RemoteSettingsChanged) -> Event | None:
        self.control_frame_count += 1
        if SettingCodes.INITIAL_WINDOW_SIZE in event.changed_settings:
            for stream in self._streams.values():
                self._send_queue.retry(stream)
        return None

    def _on_control(self, _event: h2_events.Event) -> None:
        self.control_frame_count += 1

    # Credit for what was received.

    def acknowledge(self, stream_id: int, size: int) -> None:
        """Give the peer credit for `size` received bytes."""
        stream = self._streams.get(stream_id)
        if stream is None:
            return
        size = min(size, stream.unacknowledged)
        stream.unacknowledged -= size
        self._give_stream_credit(stream, size)

    def _give_connection_credit(self, size: int) -> None:
        """Give credit as bytes arrive: unread ones count against the window of their stream, and stop no other."""
        self._credit += size
        if self._credit >= _CONNECTION_CREDIT:
            self._send(self._h2.increment_flow_control_window, self._credit)
            self._credit = 0

    def _give_stream_credit(self, stream: H2Stream, size: int) -> None:
        """Give credit once it is as much as the peer has left: rarely, yet before the peer has to wait.

        That is half the window if everything is acknowledged at once. If much is not, it is less, and a peer that has
        run out gets all that is acknowledged.
        """
        stream.credit += size
        if stream.credit >= stream.window and stream.credit and not stream.is_peer_ended:
            self._send(self._h2.increment_flow_control_window, stream.credit, stream.id)
            stream.window += stream.credit
            stream.credit = 0

    # Sending.

    def send_data(self, stream_id: int, data: bytes, *, is_end: bool = False) -> None:
        """Append to the body we send. What exceeds the peer's window is kept until the window allows it."""
        stream = self._streams.get(stream_id)
        if stream is not None and self._send_queue.send(stream, data, is_end=is_end):
            self._has_output = True

    def reset(self, stream_id: int, code: ErrorCode) -> None:
        """End a stream early. There is no event for it."""
        stream = self._streams.get(stream_id)
        if stream is not None:
            self._forget(stream)
            self._send(self._h2.reset_stream, stream_id, code)

    def ping(self) -> None:
        """Send a PING, whose answer shows that the peer has received everything before it."""
        self._send(self._h2.ping, b"awaken..")

    def go_away(self, *, is_final: bool, code: ErrorCode = ErrorCode.NO_ERROR) -> None:
        """Announce the end of the connection. After the final announcement new streams are refused."""
        if is_final:
            self._last_stream_id = self._h2.highest_inbound_stream_id
        # Not by h2: after a GOAWAY it sends nothing more, not even on open streams.
        frame = GoAwayFrame(0)
        frame.last_stream_id = self._last_stream_id
        frame.error_code = code
        self._goaway += frame.serialize()
        self._has_output = True

    def _send(self, command: Callable[..., None], *arguments: object) -> bool:
        self._has_output = True
        try:
            command(*arguments)
        except (ProtocolError, KeyError):
            return False  # the peer reset the stream in the bytes just received; the event is on its way
        return True

    def take_output(self) -> bytes:
        """Take bytes for the network: about `limits.OUTPUT_SIZE` at most; streams take turns."""
        self._send_queue.pump()
        self._has_output = False
        output = self._h2.data_to_send()
        if self._goaway:
            output += self._goaway
            self._goaway = b""
        return output

    def take_resumed(self) -> Sequence[int]:
        """Take the ids of streams that have room again."""
        return self._send_queue.take_resumed()

    # The end of streams.

    def _end(self, stream: H2Stream) -> None:
        """Note that our side has written its end: once when the end is kept, and again when it is sent."""
        stream.is_ended = True
        if stream.is_peer_ended and not stream.is_end_pending:
            self._forget(stream)
        else:
            self._release_body(stream)

    def _release_body(self, stream: H2Stream) -> None:
        """Give credit for what will not be consumed any more."""
        size = stream.unacknowledged
        stream.unacknowledged = 0
        if size:
            self._give_stream_credit(stream, size)

    def _forget(self, stream: H2Stream) -> None:
        stream.drop_pending()
        self._streams.pop(stream.id, None)
