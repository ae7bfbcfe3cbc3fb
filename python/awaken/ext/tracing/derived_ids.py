"""Ids that repeat in replays, for the SDK of OpenTelemetry."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.trace import Tracer

__all__ = ["deriving"]


class Ids(NamedTuple):
    """The ids of one span."""

    trace_id: int
    span_id: int


_chosen: ContextVar[Ids | None] = ContextVar("awaken_span_ids", default=None)


class ChosenIds:
    """Gives the ids that `deriving` chose, and those of another generator everywhere else."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def generate_span_id(self) -> int:
        """Return the id of the next span."""
        chosen = _chosen.get()
        return int(self._generator.generate_span_id()) if chosen is None else chosen.span_id

    def generate_trace_id(self) -> int:
        """Return the id of the next trace; the SDK asks only for spans without a parent."""
        chosen = _chosen.get()
        return int(self._generator.generate_trace_id()) if chosen is None else chosen.trace_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)


@contextmanager
def deriving(tracer: Tracer, trace_id: int, span_id: int) -> Iterator[None]:
    """Give these ids to the span that the tracer starts in this block.

    Tracers of other implementations than the SDK choose the ids themselves. Spans of later attempts are then not
    children of those before, and everything else is the same.
    """
    generator = getattr(tracer, "id_generator", None)
    if generator is not None and not isinstance(generator, ChosenIds):
        tracer.id_generator = ChosenIds(generator)  # type: ignore[attr-defined]  # the SDK's tracers have it
    token = _chosen.set(Ids(trace_id, span_id))
    try:
        yield
    finally:
        _chosen.reset(token)
