"""The numbers of an endpoint: its attempts and their runs, by handler.

This is on the way of each attempt: a microsecond is a fifteenth of what a small invocation takes.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

from awaken.metrics import instruments

if TYPE_CHECKING:
    from collections.abc import Iterable

    from awaken._core import EndpointMachine
    from awaken.metrics.metrics import Metrics

__all__ = ["EndpointNumbers", "HandlerNumbers"]

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
        self._handlers: dict[str, HandlerNumbers] = {}
        metrics.gauge(instruments.OPEN_ATTEMPTS, self._count_open)

    def of(self, target: str) -> HandlerNumbers:
        """Return the numbers of a handler; they begin at 0 when this is first called.

        Args:
            target: service and handler, as `Greeter/greet`.
        """
        numbers = self._handlers.get(target)
        if numbers is None:
            numbers = self._handlers[target] = HandlerNumbers(self.metrics, target)
        return numbers

    def _count_open(self) -> Iterable[tuple[tuple[str, ...], float]]:
        return [(handler.labels, handler.open) for handler in list(self._handlers.values())]


class HandlerNumbers:
    """The numbers of one handler.

    Args:
        metrics: the numbers of this process.
        target: service and handler, as `Greeter/greet`.
    """

    __slots__ = ("_durations", "_outcomes", "_replays", "_run_durations", "_runs", "labels", "open")

    def __init__(self, metrics: Metrics, target: str) -> None:
        service, _, handler = target.partition("/")
        self.labels = (service, handler)
        #: Attempts that have begun and not ended.
        self.open = 0
        attempts = metrics.counter(instruments.ATTEMPTS)
        self._outcomes = {outcome: attempts.of(service, handler, outcome) for outcome in _OUTCOMES}
        self._durations = metrics.histogram(instruments.ATTEMPT_DURATION).of(service, handler)
        self._replays = metrics.histogram(instruments.REPLAY_ENTRIES).of(service, handler)
        self._runs = metrics.counter(instruments.RUNS)
        self._run_durations = metrics.histogram(instruments.RUN_DURATION)

    def begin(self) -> float:
        """Note that an attempt begins, and return when, for `end`."""
        self.open += 1
        return monotonic()

    def end(self, machine: EndpointMachine, began: float, *, is_failed: bool) -> None:
        """Note that an attempt is over.

        Args:
            machine: of the attempt.
            began: what `begin` returned.
            is_failed: whether the handler raised an error.
        """
        self.open -= 1
        self._outcomes[_outcome(machine, is_failed)].add()
        self._durations.record(monotonic() - began)
        self._replays.record(machine.known_entries)

    def note_run(self, name: str, outcome: str, seconds: float) -> None:
        """Note that an execution of a run ended: `succeeded`, `failed`, `retried` or `cancelled`."""
        self._runs.of(*self.labels, name, outcome).add()
        self._run_durations.of(*self.labels, name).record(seconds)


def _outcome(machine: EndpointMachine, is_failed: bool) -> str:
    error = machine.error
    if error is not None:
        return "mismatch" if error[0] == _MISMATCH else "retried"
    if machine.has_output():
        return "failed" if is_failed else "succeeded"
    return "suspended" if machine.is_closed() else "disconnected"
