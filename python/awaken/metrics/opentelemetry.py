"""Numbers through a meter of OpenTelemetry.

Counters and gauges are read when a reader asks. OpenTelemetry has no histograms that can be read, so each recorded
value is passed on.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING
from weakref import WeakSet

from opentelemetry import metrics as otel
from opentelemetry.metrics import CallbackOptions, Observation

from awaken.metrics.instrument_kinds import Across, Kind
from awaken.metrics.instruments import INSTRUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.metrics import Meter, MeterProvider

    from awaken.metrics.instrument_kinds import Instrument
    from awaken.metrics.metrics import Metrics

__all__ = ["export", "is_exported", "is_set_up"]

#: Numbers that a meter has already: an application may have instrumented what `awaken serve --metrics` serves.
_exported: WeakSet[Metrics] = WeakSet()


def is_set_up() -> bool:
    """Return whether the application, or the environment, has set a global provider of meters up."""
    return not type(otel.get_meter_provider()).__module__.startswith("opentelemetry.metrics")


def is_exported(metrics: Metrics) -> bool:
    """Return whether a meter has these numbers."""
    return metrics in _exported


def export(metrics: Metrics, version: str, meter_provider: MeterProvider | None = None) -> None:
    """Give all numbers to a meter from now on, unless one has them already.

    Args:
        metrics: the numbers of this process.
        version: of this package.
        meter_provider: makes the meter; None takes the global one.
    """
    if metrics in _exported:
        return
    _exported.add(metrics)
    meter = otel.get_meter("awaken", version, meter_provider)
    for instrument in INSTRUMENTS:
        _create(meter, metrics, instrument)


def _create(meter: Meter, metrics: Metrics, instrument: Instrument) -> None:
    name, unit, text = instrument.otel_name, instrument.unit, f"{instrument.about}."
    if instrument.kind is Kind.HISTOGRAM:
        histogram = meter.create_histogram(
            name, unit, text, explicit_bucket_boundaries_advisory=instrument.buckets
        )
        names = instrument.label_names

        def forward(value: float, labels: tuple[str, ...]) -> None:
            histogram.record(value, dict(zip(names, labels, strict=True)))

        metrics.histogram(instrument).forward = forward
    elif instrument.kind is Kind.COUNTER:
        read = functools.partial(_read_counters, metrics, instrument)
        meter.create_observable_counter(name, [read], unit, text)
    else:
        read = functools.partial(_read_gauges, metrics, instrument)
        if instrument.across is Across.SUM:
            meter.create_observable_up_down_counter(name, [read], unit, text)
        else:
            meter.create_observable_gauge(name, [read], unit, text)


def _read_counters(metrics: Metrics, instrument: Instrument, _: CallbackOptions) -> Iterable[Observation]:
    for labels, counter in metrics.counter(instrument).children():
        # What an earlier process has counted in the same memory was that process's to report.
        yield Observation(
            counter.value - counter.inherited[0], dict(zip(instrument.label_names, labels, strict=True))
        )


def _read_gauges(metrics: Metrics, instrument: Instrument, _: CallbackOptions) -> Iterable[Observation]:
    for labels, numbers in metrics.read_gauge(instrument).items():
        yield Observation(numbers[0], dict(zip(instrument.label_names, labels, strict=True)))
