"""Numbers of a process that serves, for Prometheus and OpenTelemetry.

`awaken serve --metrics` shows them on a port. In a process of your own:

    from awaken.metrics import instrument

    app = instrument(awaken.app([greeter]))

`instruments` is the table of what there is. Code records into a `Metrics`, or into nothing if nobody wants numbers.
`prometheus` and `opentelemetry` show what a `Metrics` has, and import their libraries only then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from awaken.metrics.instrumentation import instrument

__all__ = ["instrument"]


def __getattr__(name: str) -> Any:
    # Everything that records imports this package; only applications instrument.
    if name == "instrument":
        from awaken.metrics.instrumentation import instrument

        return instrument
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
