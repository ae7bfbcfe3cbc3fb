"""Keeps labels bounded: free text gets as many values as the table allows, in the order in which they come.

A value keeps its place until it is released, so that a series does not change its name from one scrape to the next.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from awaken.metrics.instrument_kinds import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awaken.metrics.instrument_kinds import Instrument, Label

__all__ = ["LabelBounds"]

log = logging.getLogger("awaken.metrics.labels")

#: Characters of a value; what is longer is cut off.
_MOST_CHARACTERS: Final = 120


class LabelBounds:
    """The values that the labels of one instrument have had. To be used by one thread at a time."""

    __slots__ = ("_instrument", "_is_warned", "_values")

    def __init__(self, instrument: Instrument) -> None:
        self._instrument = instrument
        self._is_warned = False
        #: Values of labels with a bound, by the values of the labels before them.
        self._values: dict[tuple[str, ...], set[str]] = {}

    def fit(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """Return these values, with `OTHER` in place of those that find no room.

        Raises:
            ValueError: there are more or fewer values than labels.
        """
        instrument = self._instrument
        if len(labels) != len(instrument.labels):
            raise ValueError(
                f"{instrument.otel_name} has the labels {instrument.label_names}, and these are {len(labels)} "
                f"values: {labels!r}"
            )
        fitting: tuple[str, ...] = ()
        for label, value in zip(instrument.labels, labels, strict=True):
            shown = _clean(value)
            if label.values and shown not in label.values:
                self._warn(label, shown)
                shown = OTHER
            elif label.most is not None and not self._has_room(fitting, shown, label.most):
                shown = OTHER
            fitting = (*fitting, shown)
        return fitting

    def release(self, present: Iterable[tuple[str, ...]]) -> None:
        """Make room: keep the places of these values of the labels, and give back those of all others."""
        kept: dict[tuple[str, ...], set[str]] = {}
        for labels in present:
            fitting: tuple[str, ...] = ()
            for label, value in zip(self._instrument.labels, labels, strict=True):
                shown = _clean(value)
                if label.most is not None:
                    if shown in self._values.get(fitting, ()):
                        kept.setdefault(fitting, set()).add(shown)
                    else:
                        shown = OTHER
                fitting = (*fitting, shown)
        self._values = kept

    def _warn(self, label: Label, value: str) -> None:
        # A mistake of this package, for which nothing that is measured should fail. The tests do.
        if value != OTHER and not self._is_warned:
            self._is_warned = True
            log.error(
                "%s: the label %s has no value %r in the table of instruments, so it counts as %r; please report this",
                self._instrument.otel_name,
                label.name,
                value,
                OTHER,
            )

    def _has_room(self, before: tuple[str, ...], value: str, most: int) -> bool:
        values = self._values.setdefault(before, set())
        if value in values or value == OTHER:
            return True
        if len(values) >= most:
            return False
        values.add(value)
        return True


def _clean(value: str) -> str:
    """Return a value as it may be shown: not too long, and without characters that cannot be encoded."""
    return value[:_MOST_CHARACTERS].encode("utf-8", "replace").decode()
