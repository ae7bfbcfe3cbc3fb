"""Numbers of endpoints in processes that `awaken serve` does not run: under an ASGI server, on AWS Lambda."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol, TypeVar
from weakref import WeakKeyDictionary

from awaken import _core
from awaken.metrics.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import MeterProvider
    from prometheus_client.registry import CollectorRegistry

__all__ = ["instrument"]


class Measurable(Protocol):
    """An endpoint."""

    def measure(self, metrics: Metrics) -> Metrics:
        """Count from now on, and return where."""
        ...


E = TypeVar("E", bound=Measurable)


class _Nothing:
    """Stands for an argument that is not given."""


_NOTHING = _Nothing()
#: Where endpoints count, by registry and provider: several with the same ones count together. Of those that are gone,
#: nothing stays.
_places: WeakKeyDictionary[object, WeakKeyDictionary[object, Metrics]] = WeakKeyDictionary()
_making = threading.Lock()


def instrument(
    endpoint: E,
    *,
    registry: CollectorRegistry | None = None,
    meter_provider: MeterProvider | None = None,
) -> E:
    """Count the attempts and runs of an endpoint from now on, and return it.

    Args:
        endpoint: what `awaken.app(...)` or `awaken.Endpoint(...)` returned.
        registry: where Prometheus reads the numbers.
        meter_provider: where OpenTelemetry gets them. Without either argument, they go to `prometheus_client.REGISTRY`
            and, if OpenTelemetry is installed, to its global provider.

    Raises:
        ImportError: a provider is given, and OpenTelemetry is not installed.
        TypeError: this is not an endpoint. For a Lambda handler, instrument the endpoint that makes it.
        ValueError: the endpoint is instrumented already, with another registry or provider.
    """
    if not callable(getattr(endpoint, "measure", None)):
        raise TypeError(
            f"cannot instrument {type(endpoint).__name__}; instrument an awaken.Endpoint, then call its app()"
        )
    show = _shows(registry, meter_provider)
    with _making:
        of_registry = _places.setdefault(registry or _NOTHING, WeakKeyDictionary())
        known = of_registry.get(meter_provider or _NOTHING)
        place = Metrics() if known is None else known
        if endpoint.measure(place) is not place:
            raise ValueError(
                "this endpoint is instrumented already; call instrument once, with registry and meter_provider if you "
                "want both"
            )
        if known is None:
            of_registry[meter_provider or _NOTHING] = place
            for one in show:
                one(place)
    return endpoint


def _shows(
    registry: CollectorRegistry | None, meter_provider: MeterProvider | None
) -> list[Callable[[Metrics], None]]:
    """Return what shows numbers where these arguments say."""
    shows: list[Callable[[Metrics], None]] = []
    is_default = registry is None and meter_provider is None
    if registry is not None or is_default:
        from prometheus_client import REGISTRY

        from awaken.metrics.prometheus import SnapshotCollector

        where = REGISTRY if registry is None else registry
        shows.append(lambda metrics: where.register(SnapshotCollector(metrics.snapshot)))
    if meter_provider is not None or is_default:
        try:
            from awaken.metrics.opentelemetry import export
        except ImportError as error:
            if not is_default:
                raise ImportError("a meter needs OpenTelemetry: pip install 'awaken[otel]'") from error
        else:
            shows.append(lambda metrics: export(metrics, _core.__version__, meter_provider))
    return shows
