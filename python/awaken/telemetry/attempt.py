"""An attempt that makes spans of itself and of the runs it executes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from awaken.endpoint.attempt import Attempt
from awaken.errors import SdkInternalBaseException

if TYPE_CHECKING:
    from opentelemetry.context import Context as TraceContext
    from opentelemetry.trace import Tracer

    from awaken import _core
    from awaken.context.context import Context
    from awaken.context.runs import RunFuture

__all__ = ["TracedAttempt"]

_PROPAGATOR = TraceContextTextMapPropagator()
_HEADER = "traceparent"

#: Of both kinds of spans.
_ID = "restate.invocation.id"
_TARGET = "restate.invocation.target"


class TracedAttempt(Attempt):
    """Drives an attempt and traces it."""

    __slots__ = ("_failure", "_tracer")

    def __init__(self, tracer: Tracer, *arguments: Any) -> None:
        """Start receiving.

        Args:
            tracer: makes the spans.
            arguments: those of `Attempt`.
        """
        self._tracer = tracer
        self._failure: BaseException | None = None
        super().__init__(*arguments)

    def issue(self, operation: str) -> _core.EndpointMachine:
        """Return the machine for a command; calls made with it carry the current span on."""
        return _Carrying(super().issue(operation))  # type: ignore[return-value]

    async def _run_handler(self, context: Context, request: _core.Input) -> None:
        attributes: dict[str, str | int] = {
            _ID: request.invocation_id,
            _TARGET: self.target,
            "awaken.attempt": request.retry_count + 1,
        }
        with self._tracer.start_as_current_span(
            f"attempt {self.target}",
            context=self._parent(request),
            kind=SpanKind.SERVER,
            attributes=attributes,
        ) as span:
            await super()._run_handler(context, request)
            span.set_attribute("awaken.outcome", self._outcome())
            if self._failure is not None:
                span.record_exception(self._failure)
                span.set_status(Status(StatusCode.ERROR, str(self._failure)))
            elif self.machine.error is not None:  # such as a journal that does not match
                span.set_status(Status(StatusCode.ERROR, self.machine.error[1]))

    async def _execute(self, run: RunFuture[Any]) -> None:
        attributes = {_ID: self.machine.invocation_id, _TARGET: self.target, "awaken.run": run.name}
        with self._tracer.start_as_current_span(
            f"run {run.name}", attributes=attributes, record_exception=False, set_status_on_exception=False
        ):
            await super()._execute(run)

    def _report(self, error: BaseException) -> None:
        if not isinstance(error, SdkInternalBaseException):
            self._failure = error
        super()._report(error)

    def _report_run(self, run: RunFuture[Any], error: BaseException, elapsed_ms: int) -> None:
        span = get_current_span()
        span.record_exception(error)
        span.set_status(Status(StatusCode.ERROR, str(error)))
        super()._report_run(run, error, elapsed_ms)

    def _parent(self, request: _core.Input) -> TraceContext | None:
        """Return the context of who caused the attempt: the runtime if it traces, else the invocation's caller."""
        headers = self.attempt_headers
        if _HEADER not in headers:
            headers = {name.lower(): value for name, value in request.headers}
        return _PROPAGATOR.extract(headers)

    def _outcome(self) -> str:
        machine = self.machine
        if not machine.is_closed():
            return "disconnected"
        if machine.error is not None:
            return "retried"
        if machine.last_command[1] == "Output":
            return "succeeded" if self._failure is None else "failed"
        return "suspended"


class _Carrying:
    """A machine whose calls carry the current span on, unless the handler says itself what they carry."""

    __slots__ = ("_machine",)

    def __init__(self, machine: _core.EndpointMachine) -> None:
        self._machine = machine

    def call(self, *arguments: Any, **options: Any) -> Any:
        """Call a handler."""
        return self._machine.call(*arguments, **_with_span(options))

    def send(self, *arguments: Any, **options: Any) -> Any:
        """Start a handler."""
        return self._machine.send(*arguments, **_with_span(options))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._machine, name)


def _with_span(options: dict[str, Any]) -> dict[str, Any]:
    headers: list[tuple[str, str]] = list(options.get("headers", ()))
    if any(name.lower() == _HEADER for name, _ in headers):
        return options
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return {**options, "headers": [*headers, *carrier.items()]}
