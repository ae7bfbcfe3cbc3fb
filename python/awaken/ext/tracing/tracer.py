"""A tracer for handlers, which execute again in each replay.

A span belongs to the attempt that completes it. What an attempt repeats was completed by one before, and its spans are
dropped. So are the spans that are open when an attempt is suspended or loses its connection: a later attempt opens them
again and completes them, with the attributes that libraries set at the end. Their beginning is then that of the replay.

A process remembers what it has reported of an invocation until that is over, since its journal does not tell
everything. What an attempt completes again, after a failure or in another process, has the same ids.

Spans of one invocation are children of each other across attempts, because their ids are derived: from the invocation,
the parent, the name, and how many of that name the parent had. Spans in runs have ids of their own, since a run that
is repeated is another execution.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Link, SpanKind, Tracer, get_current_span, use_span
from opentelemetry.util._decorator import _agnosticcontextmanager

from awaken.context.extensions import current_context, get_extension_data, set_extension_data
from awaken.ext.contexts import is_in_run
from awaken.ext.tracing.attempt_trace import AttemptTrace
from awaken.ext.tracing.derived_ids import deriving
from awaken.ext.tracing.reported import Reported

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.context import Context as TraceContext
    from opentelemetry.trace import Span
    from opentelemetry.util import types

    from awaken.context.context import Context

__all__ = ["RestateTracer"]

KEY = "awaken.ext.tracing"


class RestateTracer(Tracer):
    """A tracer whose spans handlers do not repeat in replays.

    Args:
        tracer: makes the spans.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        #: The tracers of one provider share it.
        self._reported = Reported()

    def start_span(
        self,
        name: str,
        context: TraceContext | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: types.Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        """Start a span, which is reported when it ends, unless the handler only repeats it.

        Without a parent, it is a child of the attempt, if the server traces, or else of what called the invocation.
        """
        start = functools.partial(
            self._tracer.start_span,
            name,
            kind=kind,
            attributes=attributes,
            links=links,
            start_time=start_time,
            record_exception=record_exception,
            set_status_on_exception=set_status_on_exception,
        )
        handler = current_context()
        if handler is None:
            return start(context=context)
        trace = self._trace_of(handler)
        if is_in_run():
            return start(context=trace.within(context))
        parent = get_current_span(context).get_span_context()
        span_id = trace.next_id(parent, name)
        with deriving(self._tracer, trace.trace_id, span_id):
            span = start(context=trace.within(context))
        trace.follow(span, span_id)
        return span

    @_agnosticcontextmanager
    def start_as_current_span(
        self,
        name: str,
        context: TraceContext | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: types.Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
        end_on_exit: bool = True,
    ) -> Iterator[Span]:
        """Start a span as `start_span` does, and make it the current one inside of the block."""
        span = self.start_span(
            name, context, kind, attributes, links, start_time, record_exception, set_status_on_exception
        )
        with use_span(span, end_on_exit, record_exception, set_status_on_exception):
            yield span

    def _trace_of(self, handler: Context) -> AttemptTrace:
        """Return the trace of the current attempt."""
        trace: AttemptTrace | None = get_extension_data(handler, KEY)
        if trace is None:
            trace = AttemptTrace(handler, self._reported)
            set_extension_data(handler, KEY, trace)
        return trace

    def __getattr__(self, name: str) -> Any:
        if name == "_tracer":  # not set yet, such as in a copy that is being made
            raise AttributeError(name)
        return getattr(self._tracer, name)
