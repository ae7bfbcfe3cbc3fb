"""All numbers at one moment, of one process or of several."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from awaken.metrics.instrument_kinds import Instrument

    #: The numbers of each cell, by the values of its labels.
    Cellwise: TypeAlias = dict[tuple[str, ...], Sequence[float]]
    Snapshot: TypeAlias = dict[Instrument, Cellwise]

__all__ = ["merge"]


def merge(snapshots: Iterable[Snapshot]) -> Snapshot:
    """Add the numbers of several processes; a gauge may say that the largest or smallest one counts."""
    merged: Snapshot = {}
    for snapshot in snapshots:
        for instrument, cellwise in snapshot.items():
            into = merged.setdefault(instrument, {})
            for labels, numbers in cellwise.items():
                if math.isnan(numbers[0]):  # a gauge that is not there any more
                    continue
                earlier = into.get(labels)
                if earlier is None:
                    into[labels] = tuple(numbers)
                else:
                    join = instrument.across.join
                    into[labels] = tuple(
                        join(one, other) for one, other in zip(earlier, numbers, strict=True)
                    )
    return merged
