"""One HTTP/2 stream beside its state in the h2 package: credit on the way in, bytes that wait on the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.transports import limits

if TYPE_CHECKING:
    from collections import deque

__all__ = ["Stream"]


class Stream:
    """The state of one open stream that h2 leaves to its user."""

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
        self.unacknowledged = 0  # received and handed out, not yet acknowledged
        self.credit = 0  # acknowledged, and the peer does not know it yet
        self.window = limits.STREAM_WINDOW  # what the peer may still send
        self.discarded = 0
        self.pending: deque[memoryview] | None = None
        self.pending_size = 0
        self.is_end_pending = False
        self.is_queued = False
        self.is_stalled = False
        self.is_ended = False  # our side wrote its end, sent or pending
        self.is_peer_ended = False

    def take_pending(self, size: int) -> memoryview | None:
        """Take up to `size` pending bytes; None when there are some and none may go."""
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
