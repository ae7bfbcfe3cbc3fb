"""A provider of tracers for handlers."""

from __future__ import annotations

from typing import Any

from opentelemetry.trace import TracerProvider

from awaken.ext.tracing.reported import Reported
from awaken.ext.tracing.tracer import RestateTracer

__all__ = ["RestateTracerProvider"]


class RestateTracerProvider(TracerProvider):
    """Gives tracers whose spans handlers do not repeat in replays.

    It is like the other provider in everything else, and outside of handlers.

    Args:
        provider: makes the spans.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._reported = Reported()

    def get_tracer(self, *args: Any, **kwargs: Any) -> RestateTracer:
        """Return a tracer of the provider, for handlers."""
        tracer = RestateTracer(self._provider.get_tracer(*args, **kwargs))
        tracer._reported = self._reported
        return tracer

    def __getattr__(self, name: str) -> Any:
        if name == "_provider":  # not set yet, such as in a copy that is being made
            raise AttributeError(name)
        return getattr(self._provider, name)
