"""What an instrument is: the row of the table that says everything about one number."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = ["OTHER", "Across", "Instrument", "Kind", "Label"]

#: Stands for all values of a label that found no room.
OTHER: Final = "other"

#: What Prometheus writes for a unit of OpenTelemetry; units in braces only annotate, and are left out.
_SUFFIXES: Final = {"s": "seconds", "By": "bytes"}


class Kind(Enum):
    """How a number behaves."""

    #: Only grows.
    COUNTER = "counter"
    #: Counts values by size.
    HISTOGRAM = "histogram"
    #: Grows and shrinks, and is read when somebody asks.
    GAUGE = "gauge"


class Across(Enum):
    """How a gauge of several processes becomes one number."""

    SUM = "sum"
    MAX = "max"
    MIN = "min"

    def join(self, one: float, other: float) -> float:
        """Return one number for two."""
        if self is Across.MAX:
            return max(one, other)
        return min(one, other) if self is Across.MIN else one + other


@dataclass(frozen=True, slots=True)
class Label:
    """One label, and what bounds the number of its values."""

    name: str
    #: What it can be, for people.
    about: str
    #: Every value that it can have; empty if the application decides.
    values: tuple[str, ...] = ()
    #: Of free text: how many values there may be for each combination of the labels before it. Later ones count as
    #: `OTHER`, until one of the others is gone. None if something else bounds them.
    most: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """One row of the table. Compared by identity: there is one object of each."""

    #: In OpenTelemetry, without the `awaken.` in front.
    path: str
    kind: Kind
    #: As in OpenTelemetry: `s`, `By`, or what is counted, in braces.
    unit: str
    #: One sentence without a full stop.
    about: str
    labels: tuple[Label, ...] = ()
    #: Upper bounds of a histogram, without that of the last bucket, which has none.
    buckets: tuple[float, ...] = ()
    across: Across = Across.SUM

    @property
    def otel_name(self) -> str:
        """The name in OpenTelemetry, such as `awaken.run.duration`."""
        return f"awaken.{self.path}"

    @property
    def prometheus_unit(self) -> str:
        """The unit as Prometheus writes it at the end of names; empty if it has none."""
        return _SUFFIXES.get(self.unit, "")

    @property
    def prometheus_name(self) -> str:
        """The name in Prometheus, such as `awaken_run_duration_seconds`, by OpenTelemetry's rules for it."""
        parts = ["awaken", *self.path.replace(".", "_").split("_")]
        if self.prometheus_unit:
            parts.append(self.prometheus_unit)
        if self.kind is Kind.COUNTER:
            parts.append("total")
        return "_".join(parts)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of its labels, in the order in which values are given."""
        return tuple(label.name for label in self.labels)
