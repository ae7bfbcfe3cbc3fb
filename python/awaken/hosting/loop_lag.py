"""How late the event loop comes to what is due, and when it last came: what blocks it delays every handler."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from awaken.metrics import instruments

if TYPE_CHECKING:
    from awaken.metrics.metrics import Metrics

__all__ = ["LoopLag"]

#: Seconds between two looks.
_INTERVAL: Final = 1.0


class LoopLag:
    """Measures the running event loop once a second, until it is stopped.

    Args:
        metrics: the numbers of this process.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._lags = metrics.histogram(instruments.EVENT_LOOP_LAG).of()
        self._loop = asyncio.get_running_loop()
        self._plan()
        # A histogram hears nothing of a turn that does not end; a thread of OpenTelemetry may ask for this meanwhile.
        metrics.gauge(instruments.EVENT_LOOP_AGE, lambda: [((), time.monotonic() - self._turned_at)])

    def stop(self) -> None:
        """Measure no more."""
        self._timer.cancel()

    def _plan(self) -> None:
        self._turned_at = time.monotonic()  # the loop's own time may stand still for a turn
        self._due = self._turned_at + _INTERVAL
        self._timer = self._loop.call_later(_INTERVAL, self._look)

    def _look(self) -> None:
        self._lags.record(max(0.0, time.monotonic() - self._due))
        self._plan()
