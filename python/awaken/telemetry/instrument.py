"""Switches tracing on for one endpoint; other endpoints do not pay for it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, TypeVar

from awaken import _core
from awaken.endpoint.endpoint import Endpoint

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

__all__ = ["instrument"]

E = TypeVar("E", bound=Endpoint)


def instrument(endpoint: E, *, tracer_provider: TracerProvider | None = None) -> E:
    """Trace the invocations of an endpoint from now on, and return it.

    Args:
        endpoint: what `awaken.app(...)` or `awaken.Endpoint(...)` returned.
        tracer_provider: where spans go; None takes the global one.

    Raises:
        ImportError: OpenTelemetry is not installed.
        TypeError: this is not an endpoint. For a Lambda handler, instrument the endpoint that makes it.
    """
    if not isinstance(endpoint, Endpoint):
        raise TypeError(
            f"cannot instrument {type(endpoint).__name__}; instrument an awaken.Endpoint, then call its app()"
        )
    try:
        from opentelemetry import trace
    except ImportError as error:
        raise ImportError("tracing needs OpenTelemetry: pip install 'awaken[otel]'") from error
    from awaken.telemetry.spans import AttemptSpans

    tracer = trace.get_tracer("awaken", _core.__version__, tracer_provider)
    endpoint.attempt_settings.observe = functools.partial(AttemptSpans, tracer)
    return endpoint
