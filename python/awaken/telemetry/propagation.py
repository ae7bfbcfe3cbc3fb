"""How an attempt joins the trace that caused it, and how its calls pass the trace on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from awaken.endpoint.forwarded_commands import ForwardedCommands

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from opentelemetry.context import Context as TraceContext

__all__ = ["TracedCommands", "parent_of"]

_PROPAGATOR = TraceContextTextMapPropagator()
_HEADER = "traceparent"


def parent_of(
    attempt_headers: Mapping[str, str], invocation_headers: Iterable[tuple[str, str]]
) -> TraceContext | None:
    """Return the trace context of an attempt's cause: the runtime if it traces, else the invocation's caller."""
    headers = attempt_headers
    if _HEADER not in headers:
        headers = {name.lower(): value for name, value in invocation_headers}
    return _PROPAGATOR.extract(headers)


class TracedCommands(ForwardedCommands):
    """Passes commands on; calls and sends carry the current span, unless the handler gives a `traceparent` itself."""

    __slots__ = ()

    def _headers(self, headers: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        if any(name.lower() == _HEADER for name, _ in headers):
            return headers
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return [*headers, *carrier.items()]
