"""What h2 does not keep of a stream: credit for what was received, and bytes that wait to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.transports import limits

if TYPE_CHECKING:
    from collections import deque

__all__ = ["H2Stream"]


class H2Stream:
    """One open stream."""

    __slots__ = (
        "credit",
        "discarded",
        "id",
        "is_end_pending",
        "is_ended",
        "is_peer_ended",
        "is_queued",
        "is_stalled",
        "pending",
        "pending_size",
        "unacknowledged",
        "window",
    )

    def __init__(self, stream_id: int) -> None:
        self.id = stream_id
        self.unacknowledged = 0  # received and passed on, not acknowledged yet
        self.credit = 0  # acknowledged, but not sent to the peer yet
        self.window = limits.STREAM_WINDOW  # what the peer may still send
        self.discarded = 0
        self.pending: deque[memoryview] | None = None
        self.pending_size = 0
        self.is_end_pending = False
        self.is_queued = False
        self.is_stalled = False
        self.is_ended = False  # our side has written its end, sent or pending
        self.is_peer_ended = False

    def take_pending(self, size: int) -> memoryview | None:
        """Take up to `size` pending bytes; None if there are some, and `size` allows none."""
        if not self.pending:
            return memoryview(b"")
        if size <= 0:
            return None
        first = self.pending[0]
        if len(first) <= size:
            self.pending.popleft()
        else:
            self.pending[0] = first[size:]
            first = first[:size]
        self.pending_size -= len(first)
        return first

    def drop_pending(self) -> None:
        """Discard what is pending."""
        self.pending = None
        self.pending_size = 0
