"""What code records into. Get the child of a set of labels once and keep it: recording is then a few bytecodes.

Any thread may record. There is no lock: CPython changes threads at calls and jumps backward only, and there is neither
between the read and the write of `cells[0] += 1`. Builds without the GIL cannot load the extension, which has the
stable ABI.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from awaken.metrics.instrument_kinds import OTHER
from awaken.metrics.label_bounds import LabelBounds

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, MutableSequence, Sequence

    from awaken.metrics.cells import Cells
    from awaken.metrics.instrument_kinds import Instrument
    from awaken.metrics.snapshot import Cellwise

__all__ = ["Counter", "Family", "Histogram"]


class Child(Protocol):
    """What one set of labels has."""

    cells: MutableSequence[float]
    #: What earlier processes had counted in the same cells.
    inherited: Sequence[float]


C = TypeVar("C", bound=Child)


class Counter:
    """A number that only grows."""

    __slots__ = ("cells", "inherited")

    def __init__(self, family: Family[Counter], labels: tuple[str, ...]) -> None:
        self.cells = family.allocate(labels, 1)
        self.inherited: Sequence[float] = tuple(self.cells)

    def add(self, amount: float = 1.0) -> None:
        """Add to it; the amount is not negative."""
        self.cells[0] += amount

    @property
    def value(self) -> float:
        """What was counted."""
        return self.cells[0]


class Histogram:
    """Counts values by size. Its cells are the counts of its buckets, and at the end the sum of all values."""

    __slots__ = ("_bounds", "_family", "_labels", "cells", "inherited")

    def __init__(self, family: Family[Histogram], labels: tuple[str, ...]) -> None:
        self._bounds = family.instrument.buckets
        self.cells = family.allocate(labels, len(self._bounds) + 2)
        self.inherited: Sequence[float] = tuple(self.cells)
        self._family = family
        self._labels = labels

    def record(self, value: float) -> None:
        """Count a value, which is in the unit of the instrument."""
        bucket = bisect_left(self._bounds, value)
        cells = self.cells
        cells[bucket] += 1.0
        cells[-1] += value
        forward = self._family.forward
        if forward is not None:
            forward(value, self._labels)

    @property
    def count(self) -> float:
        """How many values there were."""
        return sum(self.cells[:-1])


class Family(Generic[C]):
    """All children of one instrument.

    Args:
        instrument: the row of the table.
        make: makes the child of a set of labels: a class.
        cells: where the numbers are.
    """

    def __init__(
        self, instrument: Instrument, make: Callable[[Family[C], tuple[str, ...]], C], cells: Cells
    ) -> None:
        self.instrument = instrument
        #: Receives what histograms record as well, with the values of the labels.
        self.forward: Callable[[float, tuple[str, ...]], None] | None = None
        self._make = make
        self._cells = cells
        self._making = threading.Lock()
        self._bounds = LabelBounds(instrument)
        self._children: dict[tuple[str, ...], C] = {}
        self._find_known()
        if not instrument.labels:
            self.of()  # a number without labels begins at 0, not with its first event

    def of(self, *labels: str) -> C:
        """Return the child of these values of the labels, in the order of the instrument.

        Raises:
            ValueError: there are more or fewer values than labels.
        """
        child = self._children.get(labels)
        return self._find(labels) if child is None else child

    def children(self) -> Iterator[tuple[tuple[str, ...], C]]:
        """Iterate over the children there are now, with the values of their labels."""
        return iter(list(self._children.items()))

    def cellwise(self) -> Cellwise:
        """Return the numbers of all children as they are now."""
        return {labels: tuple(child.cells) for labels, child in self.children()}

    def allocate(self, labels: tuple[str, ...], size: int) -> MutableSequence[float]:
        """Return the cells of a child."""
        return self._cells.allocate(self.instrument, labels, size)

    def keep(self, label: str, values: Collection[str]) -> None:
        """Forget the children whose label has another value than these, and make room for new ones.

        Nobody may have kept such a child. What was counted under `OTHER` stays there.
        """
        index = self.instrument.label_names.index(label)
        with self._making:
            gone = [one for one in self._children if one[index] not in values and one[index] != OTHER]
            for labels in gone:
                del self._children[labels]
            if gone:
                self._bounds.release(self._children)

    def move(self, cells: Cells) -> None:
        """Keep the numbers elsewhere from now on. Nothing may record meanwhile.

        What was counted so far is left behind: the process that forks has counted it, and each of its workers, and
        every successor of theirs, would count it once more.
        """
        self._cells = cells
        for labels, child in self._children.items():
            child.cells = self.allocate(labels, len(child.cells))
            child.inherited = tuple(child.cells)
        self._find_known()

    def _find_known(self) -> None:
        for labels in self._cells.known(self.instrument):
            self.of(*labels)

    def _find(self, labels: tuple[str, ...]) -> C:
        with self._making:
            fitting = self._bounds.fit(labels)
            child = self._children.get(fitting)
            if child is None:
                child = self._children[fitting] = self._make(self, fitting)
            return child
