"""The numbers of a gateway: answers by door, requests to the runtime by node, and what can be asked about waits.

Two questions about waits are cheap for any runtime: how many there are, up to a thousand, and which is open for
longest. Both are asked in the background, at most twice a minute, and only while somebody reads the numbers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from awaken.control.errors import OperationError
from awaken.metrics import instruments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from awaken.control.remote import RemoteOperations
    from awaken.metrics.metrics import Metrics

    Values = Iterable[tuple[tuple[str, ...], float]]

__all__ = ["GatewayMeasures"]

log = logging.getLogger("awaken.hosting")

#: Waits beyond are not counted.
MOST_COUNTED: Final = 1_000
#: Seconds between two times at which the runtime is asked.
_INTERVAL_SECONDS: Final = 30.0
#: Seconds for which a scrape waits for the answer, which usually comes sooner.
_PATIENCE_SECONDS: Final = 0.02


class GatewayMeasures:
    """Counts what a gateway does, and shows what its runtime says.

    Args:
        metrics: receives the numbers.
        runtime: that the gateway is in front of.
        monotonic: seconds of a clock, for the pauses between questions.
    """

    def __init__(
        self,
        metrics: Metrics,
        runtime: RemoteOperations,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runtime = runtime
        self._monotonic = monotonic
        self._completions = metrics.counter(instruments.COMPLETIONS)
        self._requests = metrics.counter(instruments.NODE_REQUESTS)
        self._durations = metrics.histogram(instruments.NODE_DURATION)
        self._asking: asyncio.Task[None] | None = None
        self._next_at = 0.0
        #: How many waits there are, and since when the oldest is open, in UTC milliseconds; None if that is not known.
        self._waits: int | None = None
        self._since_ms: int | None = None
        runtime.on_completion = self._count_completion
        runtime.watch_requests(self._count_request)
        metrics.refresh_with(self.refresh)
        metrics.gauge(instruments.COUNTED_WAITS, self._counted)
        metrics.gauge(instruments.COUNTED_WAIT_AGE, self._age)

    async def refresh(self) -> None:
        """Ask the runtime if that is due, and wait a moment for its answer."""
        if self._asking is None and self._monotonic() >= self._next_at:
            self._asking = asyncio.get_running_loop().create_task(self._ask())
            self._asking.add_done_callback(self._note_end)
        if self._asking is not None:
            await asyncio.wait([self._asking], timeout=_PATIENCE_SECONDS)

    async def close(self) -> None:
        """Ask no more."""
        self._next_at = float("inf")
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    async def _ask(self) -> None:
        try:
            self._waits = await self._runtime.count_awakeables(MOST_COUNTED)
            page = await self._runtime.awakeables(limit=1)
        except (OperationError, ValueError) as error:
            self._waits = self._since_ms = None  # better nothing than what was once
            log.debug("what waits cannot be counted: %s", error)
            return
        self._since_ms = page.awakeables[0].since_ms if page.awakeables else None

    def _note_end(self, asking: asyncio.Task[None]) -> None:
        self._asking = None
        self._next_at = max(self._next_at, self._monotonic() + _INTERVAL_SECONDS)
        if not asking.cancelled() and (error := asking.exception()) is not None:
            log.warning("what waits cannot be counted: %s", error, exc_info=error)

    def _count_completion(self, door: str, outcome: str) -> None:
        self._completions.of(door, outcome).add()

    def _count_request(self, interface: str, node: str, outcome: str, seconds: float | None) -> None:
        self._requests.of(interface, node, outcome).add()
        if seconds is not None:
            self._durations.of(interface, node).record(seconds)

    def _counted(self) -> Values:
        return [] if self._waits is None else [((), self._waits)]

    def _age(self) -> Values:
        if self._waits is None:
            return []
        since_ms = self._since_ms
        return [((), 0.0 if since_ms is None else max(0.0, time.time() - since_ms / 1000))]
