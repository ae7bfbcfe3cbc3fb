"""Numbers in the formats of Prometheus, through `prometheus-client`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from awaken.metrics.instrument_kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from prometheus_client.metrics_core import Metric

    from awaken.metrics.instrument_kinds import Instrument
    from awaken.metrics.snapshot import Cellwise, Snapshot

__all__ = ["SnapshotCollector", "render"]


class SnapshotCollector(Collector):
    """Shows snapshots to a registry.

    Args:
        take: returns all numbers as they are now.
    """

    def __init__(self, take: Callable[[], Snapshot]) -> None:
        self._take = take

    def collect(self) -> Iterator[Metric]:
        """Return the numbers; a registry calls this for every scrape."""
        for instrument, cellwise in self._take().items():
            yield _family(instrument, cellwise)

    def describe(self) -> Iterable[Metric]:
        """Return nothing: names are known once there are numbers, and registries ask before."""
        return ()


def render(collectors: Sequence[Collector], accept: str) -> tuple[bytes, str]:
    """Return the text of some collectors, and its content type.

    Args:
        collectors: what is shown.
        accept: value of the `Accept` header: OpenMetrics for those who ask for it, or else the text format. A version
            that is malformed gets the one or the other.
    """
    registry = CollectorRegistry(auto_describe=False)
    for collector in collectors:
        registry.register(collector)
    try:
        encode, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version such as 1.x
        encode, content_type = choose_encoder("")
    return encode(registry), content_type


def _family(instrument: Instrument, cellwise: Cellwise) -> Metric:
    name, unit = instrument.prometheus_name, instrument.prometheus_unit
    text = f"{instrument.about}."
    names = instrument.label_names
    if instrument.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(name, text, labels=names, unit=unit)
        for labels, numbers in cellwise.items():
            histogram.add_metric(labels, _buckets(instrument.buckets, numbers), numbers[-1])
        return histogram
    kind = CounterMetricFamily if instrument.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(name, text, labels=names)
    family.unit = unit
    for labels, numbers in cellwise.items():
        family.add_metric(labels, numbers[0])
    return family


def _buckets(bounds: Sequence[float], numbers: Sequence[float]) -> list[tuple[str, float]]:
    """Return the upper bound of each bucket, and how many values are not above it."""
    total = 0.0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip((*bounds, math.inf), numbers, strict=False):
        total += count
        buckets.append(("+Inf" if bound == math.inf else str(bound), total))
    return buckets
