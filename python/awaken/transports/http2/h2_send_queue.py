"""Bodies that wait for the peer's windows, and the turns in which their streams send."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from h2.exceptions import FlowControlError, FrameTooLargeError, ProtocolError

from awaken.transports import limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awaken.transports.http2.h2_lean_connection import H2LeanConnection
    from awaken.transports.http2.h2_stream import H2Stream

__all__ = ["H2SendQueue"]


class H2SendQueue:
    """The bodies that wait on one connection. Their streams send in turn, one frame each.

    Args:
        connection: sends frames.
        end: called with a stream when its end is kept, and when its end is sent.
    """

    def __init__(self, connection: H2LeanConnection, end: Callable[[H2Stream], None]) -> None:
        self._h2 = connection
        self._end = end
        self._queue: deque[H2Stream] = deque()
        self._resumed: list[int] = []
        self._sent_size = 0  # body bytes given to h2 since output was taken

    @property
    def is_ready(self) -> bool:
        """Whether the first stream in the queue may be able to send."""
        queue = self._queue
        # A stream without bytes waits only for its end, which needs no window.
        return bool(queue) and (self._h2.outbound_flow_control_window > 0 or not queue[0].pending_size)

    def send(self, stream: H2Stream, data: bytes, *, is_end: bool) -> bool:
        """Send now, or keep what cannot be sent now; return whether it was sent."""
        if stream.pending is None and self._sent_size < limits.OUTPUT_SIZE:
            try:
                # h2 refuses what exceeds a window or a frame before it changes anything.
                self._h2.send_data(stream.id, data, is_end)
            except (FlowControlError, FrameTooLargeError):
                pass
            except (ProtocolError, KeyError):
                return False  # the peer reset the stream; the event is on its way
            else:
                self._sent_size += len(data)
                if is_end:
                    self._end(stream)
                return True
        self._keep(stream, data, is_end=is_end)
        return False

    def _keep(self, stream: H2Stream, data: bytes, *, is_end: bool) -> None:
        if stream.pending is None:
            stream.pending = deque()
        if data:
            stream.pending.append(memoryview(data))
            stream.pending_size += len(data)
        if is_end:
            stream.is_end_pending = True
            self._end(stream)
        stream.is_stalled = stream.is_stalled or stream.pending_size > limits.BUFFER_HIGH
        self._enqueue(stream)

    def retry(self, stream: H2Stream) -> None:
        """Queue a stream again whose window has changed."""
        if stream.pending is not None:
            self._enqueue(stream)

    def pump(self) -> None:
        """Let the streams that wait send in turn. Called before output is taken."""
        budget = limits.OUTPUT_SIZE - self._sent_size
        while budget > 0 and self.is_ready:
            stream = self._queue.popleft()
            stream.is_queued = False
            if stream.pending is None:
                continue  # gone, or done since
            try:
                window = self._h2.local_flow_control_window(stream.id)
                chunk = stream.take_pending(min(window, self._h2.max_outbound_frame_size))
                if chunk is None:
                    continue  # waits for its own window
                is_end = stream.is_end_pending and not stream.pending_size
                self._h2.send_data(stream.id, chunk, is_end)
            except (ProtocolError, KeyError):
                stream.drop_pending()
                continue  # the peer reset the stream; the event is on its way
            budget -= max(1, len(chunk))
            self._note_progress(stream, is_end=is_end)
        self._sent_size = 0

    def take_resumed(self) -> Sequence[int]:
        """Take the ids of streams that have room again."""
        if not self._resumed:
            return ()
        resumed, self._resumed = self._resumed, []
        return resumed

    def _enqueue(self, stream: H2Stream) -> None:
        if not stream.is_queued:
            stream.is_queued = True
            self._queue.append(stream)

    def _note_progress(self, stream: H2Stream, *, is_end: bool) -> None:
        if stream.is_stalled and stream.pending_size <= limits.BUFFER_LOW:
            stream.is_stalled = False
            self._resumed.append(stream.id)
        if is_end:
            stream.is_end_pending = False
            stream.drop_pending()
            self._end(stream)
        elif stream.pending_size:
            self._enqueue(stream)
        elif not stream.is_end_pending:
            stream.pending = None
