"""The numbers of an endpoint: its attempts and their runs, by handler."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from awaken.metrics import instruments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awaken._core import EndpointMachine
    from awaken.metrics.metrics import Metrics

__all__ = ["AttemptNumbers", "EndpointNumbers"]

_MISMATCH: Final = 570
_OUTCOMES: Final = ("succeeded", "failed", "suspended", "retried", "mismatch", "disconnected")


class EndpointNumbers:
    """What the attempts of an endpoint record into.

    Args:
        metrics: the numbers of this process.
    """

    __slots__ = ("_handlers", "metrics")

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self._handlers: dict[str, _HandlerNumbers] = {}
        metrics.gauge(instruments.OPEN_ATTEMPTS, self._count_open)

    def add(self, target: str) -> None:
        """Show the numbers of a handler from now on: they begin at 0, not with its first attempt."""
        if target not in self._handlers:
            self._handlers[target] = _HandlerNumbers(self.metrics, target)

    def begin(self, target: str) -> AttemptNumbers:
        """Note that an attempt of a handler begins.

        Args:
            target: service and handler, as `Greeter/greet`.
        """
        if target not in self._handlers:
            self.add(target)
        return AttemptNumbers(self._handlers[target])

    def _count_open(self) -> Iterable[tuple[tuple[str, ...], float]]:
        return [(handler.labels, handler.open) for handler in list(self._handlers.values())]


class _HandlerNumbers:
    """The numbers of one handler."""

    __slots__ = ("durations", "labels", "open", "outcomes", "replays", "run_durations", "runs")

    def __init__(self, metrics: Metrics, target: str) -> None:
        service, _, handler = target.partition("/")
        self.labels = (service, handler)
        self.open = 0
        attempts = metrics.counter(instruments.ATTEMPTS)
        self.outcomes = {outcome: attempts.of(service, handler, outcome) for outcome in _OUTCOMES}
        self.durations = metrics.histogram(instruments.ATTEMPT_DURATION).of(service, handler)
        self.replays = metrics.histogram(instruments.REPLAY_ENTRIES).of(service, handler)
        self.runs = metrics.counter(instruments.RUNS)
        self.run_durations = metrics.histogram(instruments.RUN_DURATION)


class AttemptNumbers:
    """Notes what happens to one attempt."""

    __slots__ = ("_began", "_handler", "_is_failed")

    def __init__(self, handler: _HandlerNumbers) -> None:
        self._handler = handler
        self._is_failed = False
        self._began = time.monotonic()
        handler.open += 1

    def note_failure(self) -> None:
        """Note that the handler raised an error."""
        self._is_failed = True

    def note_run(self, name: str, outcome: str, seconds: float) -> None:
        """Note that an execution of a run ended: `succeeded`, `failed`, `retried` or `cancelled`."""
        handler = self._handler
        handler.runs.of(*handler.labels, name, outcome).add()
        handler.run_durations.of(*handler.labels, name).record(seconds)

    def end(self, machine: EndpointMachine) -> None:
        """Note that the attempt is over."""
        handler = self._handler
        handler.open -= 1
        handler.outcomes[self._outcome(machine)].add()
        handler.durations.record(time.monotonic() - self._began)
        handler.replays.record(machine.known_entries)

    def _outcome(self, machine: EndpointMachine) -> str:
        if not machine.is_closed():
            return "disconnected"
        error = machine.error
        if error is not None:
            return "mismatch" if error[0] == _MISMATCH else "retried"
        if not machine.has_output():
            return "suspended"
        return "failed" if self._is_failed else "succeeded"
