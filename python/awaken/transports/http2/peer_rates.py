"""Rates of what costs us work and the peer of an HTTP/2 connection nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from awaken.transports import limits

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PeerRates"]


class _Engine(Protocol):
    """What an engine of either side counts."""

    @property
    def control_frame_count(self) -> int:
        """How many frames so far have cost work and carried nothing."""
        ...

    @property
    def reset_count(self) -> int:
        """How many streams the peer has reset, so far, that count against it."""
        ...


class PeerRates:
    """The rates of one connection.

    Args:
        engine: of the connection; it counts.
        time: returns the time of a monotonic clock in seconds; called only when something was counted.
    """

    __slots__ = ("_control_frame_count", "_control_frames", "_engine", "_reset_count", "_resets", "_time")

    def __init__(self, engine: _Engine, time: Callable[[], float]) -> None:
        self._engine = engine
        self._time = time
        self._resets = limits.RateLimit(limits.RESET_BURST, limits.RESET_RATE)
        self._control_frames = limits.RateLimit(limits.CONTROL_FRAME_BURST, limits.CONTROL_FRAME_RATE)
        self._reset_count = 0
        self._control_frame_count = 0

    def find_excess(self) -> str | None:
        """Return which rate the peer exceeds, in a sentence; None if it exceeds none."""
        engine = self._engine
        resets = engine.reset_count - self._reset_count
        control_frames = engine.control_frame_count - self._control_frame_count
        if not resets and not control_frames:
            return None
        self._reset_count += resets
        self._control_frame_count += control_frames
        now = self._time()
        if not self._resets.take(resets, now):
            return f"the peer reset more than {limits.RESET_BURST} streams too fast"
        if not self._control_frames.take(control_frames, now):
            return f"the peer sent more than {limits.CONTROL_FRAME_BURST} frames without use too fast"
        return None
