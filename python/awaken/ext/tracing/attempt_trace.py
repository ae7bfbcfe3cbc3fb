"""The spans of one attempt: their ids, their parents, and which of them are reported."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from opentelemetry.trace import StatusCode, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context as TraceContext
    from opentelemetry.trace import Span, SpanContext, Status

    from awaken.context.context import Context
    from awaken.ext.tracing.reported import Reported

__all__ = ["AttemptTrace"]

PROPAGATOR: Final = TraceContextTextMapPropagator()
HEADER: Final = "traceparent"


class _Open(NamedTuple):
    """A span that is not over."""

    report: Callable[[], None]
    #: Whether the handler replayed when it started. Pydantic AI does not end such spans if they are over in a replay.
    was_repeated: bool


class AttemptTrace:
    """What tracers know about one attempt.

    Args:
        handler: the context of the handler.
        reported: what this process has reported.
    """

    def __init__(self, handler: Context, reported: Reported) -> None:
        request = handler.request()
        self._machine = handler._driver.machine
        self._invocation_id = request.id
        self._reported = reported
        headers = {name.lower(): value for name, value in request.headers.items()}
        attempt_headers = {name.lower(): value for name, value in request.attempt_headers.items()}
        cause = PROPAGATOR.extract(attempt_headers if HEADER in attempt_headers else headers)
        #: What spans without a parent are children of; not valid if neither the server nor the caller traces.
        self._root: Span = get_current_span(cause)
        root = self._root.get_span_context()
        self.trace_id = root.trace_id if root.is_valid else _hash(16, request.id)
        self._derived: set[int] = set()
        self._started: Counter[tuple[int, str]] = Counter()
        self._open: dict[int, _Open] = {}

    def within(self, context: TraceContext | None) -> TraceContext | None:
        """Return a trace context that has a parent, if there is any."""
        if get_current_span(context).get_span_context().is_valid:
            return context
        return set_span_in_context(self._root, context)

    def next_id(self, parent: SpanContext, name: str) -> int:
        """Return the id of a new span, the same in each attempt that comes to it."""
        # A parent that is none of ours, such as the span of the attempt, has another id in each attempt.
        origin = parent.span_id if parent.span_id in self._derived else 0
        key = origin, name
        span_id = _hash(8, f"{self._invocation_id}/{origin:016x}/{name}/{self._started[key]}")
        self._started[key] += 1
        self._derived.add(span_id)
        return span_id

    def follow(self, span: Span, span_id: int) -> None:
        """Have a span reported when it ends, if this attempt is the one that completes it.

        Args:
            span: the span.
            span_id: its derived id, even if the tracer has chosen another one.
        """
        if not span.is_recording():
            return
        report = span.end

        def end(end_time: int | None = None) -> None:
            if (
                self._open.pop(span_id, None) is not None
                and not self._is_repeating()
                and self._is_news(span, span_id)
            ):
                report(end_time)

        self._open[span_id] = _Open(report, was_repeated=self._is_repeating())
        span.end = end  # type: ignore[method-assign]  # libraries have the SDK's span, with all that it can do

    def _is_repeating(self) -> bool:
        """Return whether the handler replays, or is unwound because its attempt is over."""
        return self._machine.is_replaying() or self._machine.is_closed()

    def _is_news(self, span: Span, span_id: int) -> bool:
        """Return whether no attempt has reported the span, or only that it failed."""
        status: Status | None = getattr(span, "status", None)
        has_failed = status is not None and status.status_code is StatusCode.ERROR
        return self._reported.is_news(self._invocation_id, span_id, is_final=not has_failed)

    def __close__(self) -> None:
        """End the spans that the handler has left open, if it has come to its end."""
        left, self._open = self._open, {}
        if self._machine.last_command[1] == "Output":
            for one in left.values():
                if not one.was_repeated:
                    one.report()
            self._reported.forget(self._invocation_id)


def _hash(size: int, text: str) -> int:
    """Return a number of so many bytes, which is not 0: that would be no id."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:size], "big") or 1
