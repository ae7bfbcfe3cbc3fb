"""Where numbers are kept: in this process, or in memory that another process reads.

A cell is what one instrument has for one set of labels: one number, or the buckets and the sum of a histogram.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableSequence

    from awaken.metrics.instrument_kinds import Instrument

__all__ = ["Cells", "LocalCells"]


class Cells(Protocol):
    """Allocates cells, and finds those that are there already."""

    def allocate(self, instrument: Instrument, labels: tuple[str, ...], size: int) -> MutableSequence[float]:
        """Return the numbers of a cell; 0.0, unless an earlier process has counted there."""
        ...

    def known(self, instrument: Instrument) -> Iterable[tuple[str, ...]]:
        """Return the labels that an earlier process has allocated."""
        ...


class LocalCells:
    """Cells of this process."""

    def allocate(self, instrument: Instrument, labels: tuple[str, ...], size: int) -> MutableSequence[float]:
        """Return new numbers."""
        return [0.0] * size

    def known(self, instrument: Instrument) -> Iterable[tuple[str, ...]]:
        """Return nothing: there was no earlier process."""
        return ()
