"""Streams of an HTTP/2 connection whose response is written, and which are still open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.transports import limits
from awaken.transports.http2.engine import ErrorCode

if TYPE_CHECKING:
    from awaken.transports.http2.engine import Engine

__all__ = ["FinishingStreams"]


class FinishingStreams(dict[int, tuple[float, int]]):
    """Since when each of these streams is watched, by its id, and how many bytes its peer had still to read then.

    A dictionary, because every request removes its stream, and `pop` costs no call of Python code.

    Args:
        engine: of the connection.
    """

    __slots__ = ("_engine",)

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    def add(self, stream_id: int, now: float) -> None:
        """Watch a stream from now on."""
        self[stream_id] = (now, self._engine.pending_size(stream_id))

    def reset_overdue(self, now: float, discard_timeout: float) -> bool:
        """Reset the streams whose peer takes too long; return whether there were any.

        Args:
            now: time of the loop in seconds.
            discard_timeout: seconds for the rest of a request whose response was read.
        """
        overdue = [
            stream_id
            for stream_id, (since, left) in self.items()
            if now - since >= (limits.STALL_TIMEOUT if left else discard_timeout)
        ]
        has_reset = False
        for stream_id in overdue:
            _, left = self.pop(stream_id)
            pending = self._engine.pending_size(stream_id)
            if pending < left and self._engine.is_open(stream_id):
                self.add(stream_id, now)  # slow, but it moves
            else:
                # A response that is complete stands, whatever its request (RFC 9113, section 8.1).
                self._engine.reset(stream_id, ErrorCode.CANCEL if pending else ErrorCode.NO_ERROR)
                has_reset = True
        return has_reset
