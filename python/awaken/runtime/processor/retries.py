"""What follows a failed attempt: another one after a while, a pause, or the end."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from awaken.control.operations import Failure
from awaken.runtime.events import EventKind
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.clock import Clock
    from awaken.runtime.processor.endings import Endings
    from awaken.runtime.processor.event_feed import EventFeed
    from awaken.runtime.processor.lifecycle import Lifecycle
    from awaken.runtime.processor.scheduler import Scheduler
    from awaken.runtime.schema import RetryPolicy
    from awaken.runtime.supervisor import Supervisor
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.tables import Tables

__all__ = ["Retries", "delay_before_retry_ms"]

#: The largest part of a delay that chance adds, as on the server: spreads the retries of what failed together.
_JITTER: Final = 0.3


class Retries:
    """Decides what follows failed attempts.

    Args:
        clock: what time it is.
        tables: where failures are counted.
        scheduler: has the timers of retries.
        lifecycle: starts the next attempt, or pauses the invocation.
        endings: completes an invocation that is not to be retried.
        events: reports what follows.
        supervisor: may change the failure first, for tests.
        chance: returns a random number from 0 to 1, for the jitter.
    """

    def __init__(
        self,
        clock: Clock,
        tables: Tables,
        scheduler: Scheduler,
        lifecycle: Lifecycle,
        endings: Endings,
        events: EventFeed,
        supervisor: Supervisor | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._tables = tables
        self._scheduler = scheduler
        self._lifecycle = lifecycle
        self._endings = endings
        self._events = events
        self._supervisor = supervisor
        self._chance = chance

    def fail_attempt(
        self,
        row: InvocationRow,
        failure: AttemptFailure,
        policy: RetryPolicy,
        *,
        has_progressed: bool,
        is_pausing: bool = False,
        deployment_id: str | None = None,
    ) -> EventKind:
        """Decide what follows a failed attempt, and return it: FAILED, PAUSED or BACKING_OFF.

        Args:
            row: the invocation.
            failure: why the attempt failed.
            policy: of the handler.
            has_progressed: whether the attempt has stored a command.
            is_pausing: whether an operator has asked the invocation to pause.
            deployment_id: where the attempt ran, if it was opened.
        """
        if self._supervisor is not None:
            failure = self._supervisor.judge(row.id, failure)
        counted = row.counted_failures + (failure.delay_ms is None)
        is_exhausted = (
            failure.delay_ms is None
            and policy.max_attempts is not None
            and counted >= max(policy.max_attempts, 1)
        )
        if failure.behavior == "fail" or (is_exhausted and policy.on_max_attempts == "kill"):
            code = failure.code
            self._endings.complete(row, Failure(code, failure.message, {}, failure.stacktrace or None))
            return EventKind.FAILED
        is_paused = is_pausing or is_exhausted or failure.behavior == "pause"
        now = self._clock.now_ms()
        delay_ms = failure.delay_ms
        if delay_ms is None:
            delay_ms = delay_before_retry_ms(policy, counted, self._chance())
        delay_ms = min(delay_ms, LAST_MS - now)
        self._tables.invocations.set_failing(
            row.seq,
            failure,
            counted_failures=counted,
            failures_since_entry=1 if has_progressed else row.failures_since_entry + 1,
            next_retry_at_ms=None if is_paused else now + delay_ms,
            deployment_id=deployment_id,
        )
        if is_paused:
            self._lifecycle.pause(row, failure)
            return EventKind.PAUSED
        self._tables.journal_events.add_failure(row.seq, failure)
        self._events.note(row, EventKind.BACKING_OFF, f"{delay_ms} ms: {failure.describe()}", failure)
        if delay_ms == 0:
            self._lifecycle.retry_now(row)
        else:
            self._scheduler.add(now + delay_ms, "retry", row.seq)
        return EventKind.BACKING_OFF


def delay_before_retry_ms(policy: RetryPolicy, failures: int, chance: float) -> int:
    """Return how long to wait after the `failures`-th failed attempt that counts.

    Args:
        policy: how the delay grows.
        failures: 1 after the first failure.
        chance: a random number from 0 to 1, for the jitter.
    """
    try:
        delay = policy.initial_interval_ms * policy.exponentiation_factor ** (failures - 1)
    except OverflowError:
        delay = float("inf")
    longest = policy.max_interval_ms if policy.max_interval_ms is not None else 86_400_000 * 365
    # A manifest may declare any factor, also a negative one, as on the server.
    return round(max(min(delay, longest), 0) * (1 + _JITTER * chance))
