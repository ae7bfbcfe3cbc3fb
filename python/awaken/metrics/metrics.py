"""The numbers of one process: families to record into, gauges to read, and a snapshot of all of it."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, TypeAlias

from awaken.metrics.cells import LocalCells
from awaken.metrics.families import Counter, Family, Histogram
from awaken.metrics.instrument_kinds import Kind
from awaken.metrics.label_bounds import LabelBounds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from awaken.metrics.cells import Cells
    from awaken.metrics.instrument_kinds import Instrument
    from awaken.metrics.snapshot import Cellwise, Snapshot

    #: Returns the values of a gauge now, each with the values of its labels.
    ReadGauge: TypeAlias = Callable[[], Iterable[tuple[tuple[str, ...], float]]]

__all__ = ["Metrics"]

log = logging.getLogger("awaken.metrics")


class Metrics:
    """Collects numbers. Code that records gets one of these, or None if nobody wants numbers.

    Args:
        cells: where the numbers are; None keeps them in this process.
    """

    def __init__(self, cells: Cells | None = None) -> None:
        self._cells: Cells = LocalCells() if cells is None else cells
        self._counters: dict[Instrument, Family[Counter]] = {}
        self._histograms: dict[Instrument, Family[Histogram]] = {}
        self._gauges: dict[Instrument, list[ReadGauge]] = {}
        self._bounds: dict[Instrument, LabelBounds] = {}
        self._refreshers: list[Callable[[], Awaitable[None]]] = []
        self._lock = threading.Lock()

    # ------------------------------------------------------------ for code that records

    def counter(self, instrument: Instrument) -> Family[Counter]:
        """Return the counters of an instrument, the same ones each time.

        Raises:
            ValueError: the instrument is not a counter.
        """
        _require(instrument, Kind.COUNTER)
        with self._lock:
            if instrument not in self._counters:
                self._counters[instrument] = Family(instrument, Counter, self._cells)
            return self._counters[instrument]

    def histogram(self, instrument: Instrument) -> Family[Histogram]:
        """Return the histograms of an instrument, the same ones each time.

        Raises:
            ValueError: the instrument is not a histogram.
        """
        _require(instrument, Kind.HISTOGRAM)
        with self._lock:
            if instrument not in self._histograms:
                self._histograms[instrument] = Family(instrument, Histogram, self._cells)
            return self._histograms[instrument]

    def gauge(self, instrument: Instrument, read: ReadGauge) -> Callable[[], None]:
        """Read a gauge with this function from now on, and return what ends that.

        Values of the same labels are joined as the instrument says, also those of several functions.

        Args:
            instrument: the row of the table.
            read: returns the values, each with its labels in the order of the instrument. It is called on the event
                loop, or on a thread of OpenTelemetry, so it only looks at what is in memory.

        Raises:
            ValueError: the instrument is not a gauge.
        """
        _require(instrument, Kind.GAUGE)
        with self._lock:
            self._gauges.setdefault(instrument, []).append(read)
            self._bounds.setdefault(instrument, LabelBounds(instrument))

        def remove() -> None:
            with self._lock:
                self._gauges[instrument].remove(read)

        return remove

    def refresh_with(self, refresh: Callable[[], Awaitable[None]]) -> Callable[[], None]:
        """Await this before gauges are read for Prometheus, and return what ends that.

        This is for gauges that ask a database: `refresh` asks it, off the event loop, and keeps the answer in memory.
        """
        self._refreshers.append(refresh)
        return lambda: self._refreshers.remove(refresh)

    # ------------------------------------------------------------ for exporters

    async def refresh(self) -> None:
        """Bring up to date what gauges read. What fails is logged, and keeps its last values."""
        results = await asyncio.gather(*(refresh() for refresh in self._refreshers), return_exceptions=True)
        for error in results:
            if isinstance(error, Exception):
                log.warning("numbers could not be read, and stay as they were: %s", error, exc_info=error)

    def snapshot(self) -> Snapshot:
        """Return all numbers as they are now."""
        with self._lock:
            counters, histograms = list(self._counters.values()), list(self._histograms.values())
            gauges = list(self._gauges)
        taken: Snapshot = {family.instrument: family.cellwise() for family in counters}
        taken |= {family.instrument: family.cellwise() for family in histograms}
        for instrument in gauges:
            taken[instrument] = self.read_gauge(instrument)
        return taken

    def read_gauge(self, instrument: Instrument) -> Cellwise:
        """Return what a gauge shows now. A function that raises is logged, and counts as empty."""
        with self._lock:
            readers = list(self._gauges.get(instrument, ()))
            bounds = self._bounds.get(instrument)
        if bounds is None:
            return {}
        found: list[tuple[tuple[str, ...], float]] = []
        for read in readers:
            try:
                found += read()
            except Exception:
                log.exception("%s cannot be read", instrument.otel_name)
        values: Cellwise = {}
        with self._lock:
            # What is gone makes room for what is new, before the bounds are asked.
            bounds.release(labels for labels, _ in found)
            for labels, value in found:
                fitting = bounds.fit(labels)
                earlier = values.get(fitting)
                joined = value if earlier is None else instrument.across.join(earlier[0], value)
                values[fitting] = (float(joined),)
        return values

    def gauges(self) -> list[Instrument]:
        """Return the gauges that something reads."""
        with self._lock:
            return [instrument for instrument, readers in self._gauges.items() if readers]

    def move(self, cells: Cells) -> None:
        """Keep the numbers elsewhere from now on. For a process that has just been forked; nothing records yet."""
        with self._lock:
            self._cells = cells
            for family in self._counters.values():
                family.move(cells)
            for histograms in self._histograms.values():
                histograms.move(cells)


def _require(instrument: Instrument, kind: Kind) -> None:
    if instrument.kind is not kind:
        raise ValueError(f"{instrument.otel_name} is a {instrument.kind.value}, not a {kind.value}")
