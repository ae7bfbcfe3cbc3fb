"""The spans of an attempt and of the runs it executes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span

from awaken.errors import SdkInternalBaseException
from awaken.telemetry.propagation import TracedCommands, parent_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.trace import Tracer

    from awaken._core import EndpointMachine, Input
    from awaken.context.commands import Commands

__all__ = ["AttemptSpans"]

#: Attributes of both kinds of spans.
_ID = "restate.invocation.id"
_TARGET = "restate.invocation.target"


class AttemptSpans:
    """Makes the spans of one attempt. Implements AttemptObserver.

    Args:
        tracer: makes the spans.
        machine: the attempt's machine.
        target: service and handler, such as `Greeter/greet`.
        headers: the headers of the attempt's HTTP request.
    """

    __slots__ = ("_failure", "_headers", "_machine", "_target", "_tracer")

    def __init__(
        self, tracer: Tracer, machine: EndpointMachine, target: str, headers: Mapping[str, str]
    ) -> None:
        self._tracer = tracer
        self._machine = machine
        self._target = target
        self._headers = headers
        self._failure: BaseException | None = None

    @contextmanager
    def around_handler(self, request: Input) -> Iterator[None]:
        """Open the span of the attempt, and record in it how the attempt ended."""
        attributes: dict[str, str | int] = {
            _ID: request.invocation_id,
            _TARGET: self._target,
            "awaken.attempt": request.retry_count + 1,
        }
        with self._tracer.start_as_current_span(
            f"attempt {self._target}",
            context=parent_of(self._headers, request.headers),
            kind=SpanKind.SERVER,
            attributes=attributes,
        ) as span:
            yield
            span.set_attribute("awaken.outcome", self._outcome())
            if self._failure is not None:
                span.record_exception(self._failure)
                span.set_status(Status(StatusCode.ERROR, str(self._failure)))
            elif self._machine.error is not None:  # such as a journal that does not match
                span.set_status(Status(StatusCode.ERROR, self._machine.error[1]))

    @contextmanager
    def around_run(self, name: str) -> Iterator[None]:
        """Open the span of one execution of a run's closure."""
        attributes = {_ID: self._machine.invocation_id, _TARGET: self._target, "awaken.run": name}
        with self._tracer.start_as_current_span(
            f"run {name}", attributes=attributes, record_exception=False, set_status_on_exception=False
        ):
            yield

    def note_failure(self, error: BaseException, run: str | None) -> None:
        """Record a failure: that of a run in the run's span, that of the handler at the end of the attempt's span."""
        if run is not None:
            span = get_current_span()
            span.record_exception(error)
            span.set_status(Status(StatusCode.ERROR, str(error)))
        elif not isinstance(error, SdkInternalBaseException):
            self._failure = error

    def commands(self, inner: Commands) -> Commands:
        """Return commands whose calls carry the current span."""
        return TracedCommands(inner)

    def _outcome(self) -> str:
        machine = self._machine
        if not machine.is_closed():
            return "disconnected"
        if machine.error is not None:
            return "retried"
        if machine.last_command[1] == "Output":
            return "succeeded" if self._failure is None else "failed"
        return "suspended"
