"""The numbers of an embedded runtime: what it counts while it works, and what is read when somebody asks.

Counters begin at zero with each process. Gauges say how things stand, also after a restart: what is in memory is read
at each scrape, what is in the store is counted on a thread and given again for some seconds.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from awaken.metrics import instruments
from awaken.runtime.events import EventKind
from awaken.runtime.query.open_waits import AGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from awaken.metrics.instrument_kinds import Instrument
    from awaken.metrics.metrics import Metrics
    from awaken.runtime.load import Load
    from awaken.runtime.query import Standing
    from awaken.runtime.runtime import Runtime

    Values = Iterable[tuple[tuple[str, ...], float]]

__all__ = ["RuntimeMeasures", "show_runtime"]

_OUTCOMES: Final = {
    EventKind.SUCCEEDED: "succeeded",
    EventKind.FAILED: "failed",
    EventKind.SUSPENDED: "suspended",
    EventKind.PAUSED: "paused",
    EventKind.BACKING_OFF: "retried",
}
#: Codes of failures with which a deployment was not reached: a stream that broke, no reaction, an overloaded or absent
#: server in front of it.
_UNREACHED: Final = frozenset(("RT0001", "RT0010", "RT0023"))
_USUAL: Final = (
    *((door, "resolved") for door in ("ingress", "grpc", "link", "inbox", "slack", "handler")),
    *((door, "rejected") for door in ("ingress", "grpc", "link", "inbox", "slack", "handler")),
    ("expiry", "expired"),
)
#: Seconds for which a scrape waits for new numbers of the store, which usually come sooner.
_PATIENCE_SECONDS: Final = 0.02
#: Seconds for which it waits if there are none, or only those of a time before: once for each counting.
_LONG_PATIENCE_SECONDS: Final = 1.0
_OLD_MS: Final = 30_000


class RuntimeMeasures:
    """Counts what a runtime does: an `awaken.runtime.measures.Measures`.

    Args:
        metrics: receives the numbers.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._accepted = metrics.counter(instruments.ACCEPTED_INVOCATIONS)
        self._ended = metrics.counter(instruments.ENDED_INVOCATIONS)
        self._lives = metrics.histogram(instruments.INVOCATION_DURATION)
        self._attempts = metrics.counter(instruments.DISPATCHED_ATTEMPTS)
        self._attempt_durations = metrics.histogram(instruments.DISPATCHED_ATTEMPT_DURATION)
        self._failures = metrics.counter(instruments.ATTEMPT_FAILURES)
        self._entries = metrics.histogram(instruments.DISPATCHED_ENTRIES).of()
        self._lags = metrics.histogram(instruments.SCHEDULER_LAG)
        self._commits = metrics.histogram(instruments.COMMIT_DURATION).of()
        self._statements = metrics.histogram(instruments.COMMIT_STATEMENTS).of()
        self._sizes = metrics.histogram(instruments.COMMIT_SIZE).of()
        self._syncs = metrics.histogram(instruments.SYNC_DURATION).of()
        self._checkpoints = metrics.histogram(instruments.CHECKPOINT_DURATION).of()
        self._lost = metrics.counter(instruments.LOST_COMMITS).of()
        self._completions = metrics.counter(instruments.COMPLETIONS)
        for door, outcome in _USUAL:  # so that a rate sees the first one
            self._completions.of(door, outcome)
        #: Whether the last attempt on each deployment reached it.
        self._reached: dict[str, bool] = {}
        metrics.gauge(instruments.REACHABLE_DEPLOYMENTS, self._reachable)

    def note_accepted(self, service: str, handler: str) -> None:
        """Count a new invocation."""
        self._accepted.of(service, handler).add()

    def note_ended(self, service: str, handler: str, outcome: str, seconds: float) -> None:
        """Count the end of an invocation."""
        self._ended.of(service, handler, outcome).add()
        self._lives.of(service, handler).record(seconds)

    def note_attempt(
        self,
        service: str,
        handler: str,
        deployment: str,
        outcome: EventKind,
        seconds: float,
        reason: str = "",
    ) -> None:
        """Count an attempt that ended."""
        self._attempts.of(service, handler, deployment, _OUTCOMES[outcome]).add()
        self._attempt_durations.of(service, handler).record(seconds)
        if reason:
            self._failures.of(reason).add()
        if deployment:
            self._reached[deployment] = reason not in _UNREACHED

    def note_replay(self, entries: int) -> None:
        """Count the entries that an attempt begins with."""
        self._entries.record(entries)

    def note_timer(self, kind: str, late_seconds: float) -> None:
        """Count a timer that was handled."""
        self._lags.of(kind).record(late_seconds)

    def note_commit(self, seconds: float, statements: int, size: int) -> None:
        """Count a commit."""
        self._commits.record(seconds)
        self._statements.record(statements)
        self._sizes.record(size)

    def note_sync(self, seconds: float) -> None:
        """Count a sync."""
        self._syncs.record(seconds)

    def note_checkpoint(self, seconds: float) -> None:
        """Count a checkpoint."""
        self._checkpoints.record(seconds)

    def note_lost(self) -> None:
        """Count a transaction that was lost."""
        self._lost.add()

    def note_completion(self, door: str, outcome: str) -> None:
        """Count an answer."""
        self._completions.of(door, outcome).add()

    def forget_deployments(self, known: Iterable[str]) -> None:
        """Forget deployments that are not registered any more, with what was counted of them."""
        deployments = {"", *known}
        for deployment in self._reached.keys() - deployments:
            del self._reached[deployment]
        self._attempts.keep("deployment", deployments)

    def _reachable(self) -> Values:
        return [((deployment,), float(is_reached)) for deployment, is_reached in self._reached.items()]


def show_runtime(
    metrics: Metrics, measures: RuntimeMeasures, runtime: Runtime, deployments: Callable[[], Iterable[str]]
) -> None:
    """Read the gauges of a runtime from now on.

    Args:
        metrics: reads them.
        measures: of the same runtime.
        runtime: that runs, or will.
        deployments: returns the ids of those that are registered.
    """
    shown = _ShownRuntime(runtime)

    async def refresh() -> None:
        measures.forget_deployments(deployments())
        await shown.refresh()

    metrics.refresh_with(refresh)
    for instrument, read in shown.gauges():
        metrics.gauge(instrument, read)


class _ShownRuntime:
    """Reads the gauges: of the memory once for each scrape, of the store what was counted last."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._load: Load | None = None
        self._counting: Future[Standing | None] | None = None

    async def refresh(self) -> None:
        """Read what is in memory, and have the rest counted if that is due; wait a little for that."""
        self._load = self._runtime.load()
        counting = self._runtime.standing.refresh()
        if counting is not None:
            is_first = counting is not self._counting
            self._counting = counting
            patience = _LONG_PATIENCE_SECONDS if is_first and self._is_old() else _PATIENCE_SECONDS
            await asyncio.wait([asyncio.wrap_future(counting)], timeout=patience)

    def _is_old(self) -> bool:
        standing = self._standing
        return standing is None or self._now_ms() - standing.at_ms > _OLD_MS

    def gauges(self) -> list[tuple[Instrument, Callable[[], Values]]]:
        """Return what reads each gauge."""
        return [
            (instruments.OPEN_DISPATCHED_ATTEMPTS, lambda: self._of_load(lambda load: load.open_attempts)),
            (instruments.JOURNAL_MEMORY, lambda: self._of_load(lambda load: load.held_size)),
            (instruments.DISK_FREE, lambda: self._of_load(lambda load: load.disk_free)),
            (instruments.STORED_INVOCATIONS, self._invocations),
            (instruments.QUEUE_LENGTH, self._queues),
            (instruments.STORE_SIZE, self._sizes),
            (instruments.OPEN_WAITS, self._waits),
            (instruments.OVERDUE_WAITS, self._overdue),
            (instruments.OLDEST_WAIT_AGE, self._oldest),
            (instruments.OLDEST_READY_AGE, lambda: self._of_load(lambda load: load.ready_s)),
            (instruments.OVERDUE_TIMER_AGE, lambda: self._of_load(lambda load: load.late_s)),
            (instruments.STANDING_AGE, self._age),
            (instruments.STANDING_DURATION, self._took),
        ]

    @property
    def _standing(self) -> Standing | None:
        return self._runtime.standing.last

    def _of_load(self, read: Callable[[Load], float | None]) -> Values:
        value = None if self._load is None else read(self._load)
        return [] if value is None else [((), value)]

    def _age(self) -> Values:
        standing = self._standing
        return [] if standing is None else [((), max(0, self._now_ms() - standing.at_ms) / 1000)]

    def _now_ms(self) -> int:
        return self._runtime.clock.now_ms()

    def _invocations(self) -> Values:
        load, standing = self._load, self._standing
        if load is None or standing is None:
            return
        stored = standing.invocations
        for status in ("scheduled", "inboxed", "suspended", "paused", "completed"):
            yield (status,), stored[status]
        yield ("running",), load.open_attempts
        yield ("ready",), load.ready
        yield ("backing_off",), standing.timers.get("retry", 0)

    def _queues(self) -> Values:
        load, standing = self._load, self._standing
        if load is not None:
            yield ("attempts",), load.ready
            yield ("callers",), load.callers
            yield ("commits",), load.commits
        if standing is not None:
            yield ("inbox",), standing.invocations["inboxed"]
            yield ("timers",), sum(standing.timers.values())

    def _sizes(self) -> Values:
        if self._load is not None:
            yield ("database",), self._load.database_size
            yield ("log",), self._load.log_size
        if self._standing is not None:
            yield ("free",), self._standing.free_size

    def _waits(self) -> Values:
        standing = self._standing
        if standing is not None:
            for (wait, age), count in standing.waits.counts.items():
                yield (*wait, AGES[age][0]), count

    def _overdue(self) -> Values:
        standing = self._standing
        if standing is not None:
            for wait, count in standing.waits.overdue.items():
                yield tuple(wait), count

    def _oldest(self) -> Values:
        standing = self._standing
        if standing is not None:
            for handler, since_ms in standing.waits.oldest_ms.items():
                yield handler, max(0, self._now_ms() - since_ms) / 1000

    def _took(self) -> Values:
        return [] if self._standing is None else [((), self._standing.took_s)]
