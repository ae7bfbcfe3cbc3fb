"""How late the event loop comes to what is due: what blocks it delays every handler."""

from __future__ import annotations

import asyncio
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

    def stop(self) -> None:
        """Measure no more."""
        self._timer.cancel()

    def _plan(self) -> None:
        self._due = self._loop.time() + _INTERVAL
        self._timer = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        self._lags.record(max(0.0, self._loop.time() - self._due))
        self._plan()
