"""The life of an invocation: every change of its status, and what follows from it in the same transaction.

    scheduled --due--> inboxed --first of its key--> invoked <--> suspended | paused --> completed --> gone

Nothing here waits, and nothing reads the network. What open attempts and open requests must hear of is told after the
commit. An invocation that does not run is rows and nothing else.
"""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Literal

from awaken import _core
from awaken.control.operations import Completion, Failure, Success, Target
from awaken.outcomes import CANCEL, FIRST_AWAKEABLE
from awaken.runtime.events import Event, EventKind
from awaken.runtime.processor.retries import delay_before_retry_ms
from awaken.runtime.tables.results import CANCELED, KILLED, to_core
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.clock import Clock
    from awaken.runtime.events import Observer
    from awaken.runtime.processor.open_attempts import OpenAttempts
    from awaken.runtime.processor.scheduler import Scheduler
    from awaken.runtime.processor.waiting_callers import WaitingCallers
    from awaken.runtime.schema import RetryPolicy
    from awaken.runtime.store import Store
    from awaken.runtime.supervisor import Supervisor
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.invocations import NewInvocation, SuspensionPoint
    from awaken.runtime.tables.tables import Tables

__all__ = ["Lifecycle"]


class Lifecycle:
    """Changes invocations."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tables: Tables,
        scheduler: Scheduler,
        waiting_callers: WaitingCallers,
        open_attempts: OpenAttempts,
        chance: Callable[[], float] = random.random,
        observer: Observer | None = None,
        supervisor: Supervisor | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._tables = tables
        self._scheduler = scheduler
        self._waiting_callers = waiting_callers
        self._open_attempts = open_attempts
        self._chance = chance
        #: Rows are not used again by this process: what is told after a commit may name one that is gone.
        self._last_seq = tables.invocations.last_seq()
        self._observer = observer
        self._supervisor = supervisor

    # Beginning.

    def create(self, new: NewInvocation) -> int:
        """Store a new invocation, start it when it is due and its key is free, and return its row."""
        now = self._clock.now_ms()
        handler = new.handler
        start_at = None if new.execution_time_ms is None else min(new.execution_time_ms, LAST_MS)
        is_delayed = start_at is not None and start_at > now
        is_queued = handler.is_exclusive and new.key is not None and not is_delayed
        status: Literal["scheduled", "inboxed", "invoked"] = "scheduled" if is_delayed else "invoked"
        if is_queued and self._tables.inbox.is_taken(handler.service, new.key or ""):
            status = "inboxed"
        self._last_seq = seq = self._last_seq + 1
        self._tables.invocations.insert(seq, new, status, now, start_at)
        self._tables.journal.begin(seq, *new.input)
        if self._observer is not None:
            target = str(Target(handler.service, handler.name, new.key))
            self._tell(
                Event(EventKind.ACCEPTED, new.invocation_id, target, status if status != "invoked" else "")
            )
        if is_delayed:
            self._scheduler.add(start_at or 0, "start", seq)
        if is_queued:
            self._tables.inbox.add(handler.service, new.key or "", seq)
        if status == "invoked":
            self._open_attempts.dispatch(seq)
        return seq

    def resume_all(self) -> None:
        """Go on with what an earlier process left invoked; counts of failures start over."""
        for seq in self._tables.invocations.invoked():
            self._scheduler.remove(seq, "retry")
            self.invoke(seq)

    def ring(self, kind: str, invocation: int, completion_id: int | None) -> None:
        """Handle a timer that is due."""
        row = self._tables.invocations.read(invocation)
        if row is None:
            return
        if kind == "start" and row.status == "scheduled":
            self._start(row)
        elif kind == "sleep" and completion_id is not None:
            self.notify(row, *_core.encode_completion("Sleep", completion_id, None))
        elif kind == "retry" and row.status == "invoked":
            self.retry_now(row)

    def _start(self, row: InvocationRow) -> None:
        if row.is_exclusive and row.key is not None:
            is_taken = self._tables.inbox.is_taken(row.service, row.key)
            self._tables.inbox.add(row.service, row.key, row.seq)
            if is_taken:
                self._tables.invocations.set_inboxed(row.seq, self._clock.now_ms())
                return
        self.invoke(row.seq)

    def invoke(self, invocation: int) -> None:
        """Run it: for the first time, after a suspension or after a pause. All counts of failures start over."""
        self._tables.invocations.set_invoked(invocation, self._clock.now_ms())
        self._open_attempts.dispatch(invocation)

    def retry_now(self, row: InvocationRow) -> None:
        """Run the next attempt of one that backs off."""
        self._tables.invocations.set_retrying(row.seq, self._clock.now_ms())
        self._open_attempts.dispatch(row.seq)

    # On its way.

    def notify(self, row: InvocationRow, code: int, payload: bytes, signal: int | None = None) -> bool:
        """Add a notification to a journal, and let the invocation go on if it waited for this.

        Returns:
            Whether it was stored: one that has not started, or has completed, takes none.
        """
        if row.status in ("scheduled", "inboxed", "completed"):
            return False
        index = self._tables.journal.append(row.seq, code, payload, signal)
        if signal is not None and signal >= FIRST_AWAKEABLE:
            self._tables.awakeables.remove(row.seq, signal)
        if row.status == "invoked":
            if self._open_attempts.is_open(row.seq):
                self._store.after_commit(partial(self._open_attempts.tell, row.seq, index, code, payload))
        elif row.status == "suspended":
            news = self._tables.journal.news(row.seq, row.news_from or 0)
            if _core.can_resume(row.future or b"", news):
                self.invoke(row.seq)
        elif signal == CANCEL:
            self.invoke(row.seq)
        return True

    def pin(self, invocation: int, deployment_id: str, protocol_version: int) -> None:
        """Tie it to a deployment and a version, because its first command is stored."""
        self._tables.invocations.pin(invocation, deployment_id, protocol_version, self._clock.now_ms())

    def suspend(self, row: InvocationRow, point: SuspensionPoint, *, is_pausing: bool = False) -> None:
        """Note what it waits for; run again at once when that is there already."""
        news = self._tables.journal.news(row.seq, point.news_from)
        is_there = not is_pausing and _core.can_resume(point.future, news)
        if is_there:
            self.invoke(row.seq)
            return
        now = self._clock.now_ms()
        self._tables.invocations.set_suspended(row.seq, point, now, is_paused=is_pausing)
        self.observe(row, EventKind.PAUSED if is_pausing else EventKind.SUSPENDED, point.future_json)
        awaited = [signal for signal in point.signals if signal >= FIRST_AWAKEABLE]
        self._tables.awakeables.keep_only(row.seq, awaited)
        for signal in awaited:
            if not self._tables.journal.has_signal(row.seq, signal):
                self._tables.awakeables.add(row.seq, signal, now)

    # Failing.

    def fail_attempt(
        self,
        row: InvocationRow,
        failure: AttemptFailure,
        policy: RetryPolicy,
        *,
        has_progressed: bool,
        is_pausing: bool = False,
        deployment_id: str | None = None,
    ) -> None:
        """Decide what follows a failed attempt."""
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
            self.complete(row, Failure(code, failure.message, {}, failure.stacktrace or None))
            return
        is_paused = is_pausing or is_exhausted or failure.behavior == "pause"
        now = self._clock.now_ms()
        delay_ms = failure.delay_ms
        if delay_ms is None:
            delay_ms = delay_before_retry_ms(policy, counted, self._chance())
        delay_ms = min(delay_ms, LAST_MS - now)
        self._tables.invocations.set_failing(
            row.seq,
            failure,
            now,
            counted_failures=counted,
            failures_since_entry=1 if has_progressed else row.failures_since_entry + 1,
            next_retry_at_ms=None if is_paused else now + delay_ms,
            deployment_id=deployment_id,
        )
        if is_paused:
            self.pause(row, failure)
            return
        self.observe(row, EventKind.BACKING_OFF, f"{delay_ms} ms: {failure.describe()}", failure)
        if delay_ms == 0:
            self.retry_now(row)
        else:
            self._scheduler.add(now + delay_ms, "retry", row.seq)

    def pause(self, row: InvocationRow, failure: AttemptFailure | None = None) -> None:
        """Stop until somebody resumes it. It keeps its key, and why it failed."""
        self.observe(row, EventKind.PAUSED, "" if failure is None else failure.describe(), failure)
        self._scheduler.remove(row.seq, "retry")
        self._tables.invocations.set_paused(row.seq, self._clock.now_ms())

    # Telling.

    def observe(
        self, row: InvocationRow, kind: EventKind, detail: str = "", failure: AttemptFailure | None = None
    ) -> None:
        """Tell whoever watches of a step, once it is on disk."""
        if self._observer is not None:
            target = str(Target(row.service, row.handler, row.key))
            self._tell(Event(kind, row.id, target, detail, failure=failure))

    def _observe_end(self, row: InvocationRow, result: Success | Failure) -> None:
        target = str(Target(row.service, row.handler, row.key))
        is_failed = isinstance(result, Failure)
        detail = f"[{result.code}] {result.message}" if isinstance(result, Failure) else ""
        kind = EventKind.FAILED if is_failed else EventKind.SUCCEEDED
        self._tell(Event(kind, row.id, target, detail, self._clock.now_ms() - row.created_at))

    def _tell(self, event: Event) -> None:
        if self._observer is not None:
            self._store.after_commit(partial(self._observer.note, event))

    # Ending.

    def complete(self, row: InvocationRow, result: Success | Failure) -> None:
        """End it, tell everybody who waits, and let the next one have its key."""
        self._tables.invocations.set_completed(row.seq, result, self._clock.now_ms())
        if self._observer is not None:
            self._observe_end(row, result)
        self._let_go(row, result)
        if row.completion_retention_ms == 0:
            self.erase(row)

    def discard(self, row: InvocationRow, result: Failure) -> None:
        """Remove one that has not started, without a trace but for those who wait."""
        self._let_go(row, result)
        self.erase(row)

    def kill(self, row: InvocationRow) -> None:
        """End it and the invocations it made, without telling any handler."""
        doomed = [row]
        while doomed:
            victim = doomed.pop()
            children = self._tables.invocations.open_children(victim.id)
            if victim.status in ("scheduled", "inboxed"):
                self.discard(victim, KILLED)
            elif victim.status != "completed":
                self._open_attempts.abort(victim.seq)
                self.complete(victim, KILLED)
            for child in children:
                current = self._tables.invocations.read(child)
                if current is not None:
                    doomed.append(current)

    def cancel(self, row: InvocationRow) -> bool:
        """Ask its handler to stop, and return True; False when it had not started and is gone now."""
        if row.status in ("scheduled", "inboxed"):
            self.discard(row, CANCELED)
            return False
        self.notify(row, *_core.encode_signal(CANCEL, None), CANCEL)
        return True

    def erase(self, row: InvocationRow) -> None:
        """Forget everything of one that has ended; of a workflow's run also state and promises."""
        self._tables.invocations.delete(row.seq)
        self._tables.journal.delete(row.seq)
        if row.kind == "workflow" and row.key is not None:
            self._tables.state.clear_all(row.service, row.key)
            self._tables.promises.delete_all(row.service, row.key)

    def erase_journal(self, invocation: int) -> None:
        """Forget the journal of one that has ended, and keep its result."""
        self._tables.journal.delete(invocation)
        self._tables.invocations.forget_journal_expiry(invocation)

    def _let_go(self, row: InvocationRow, result: Success | Failure) -> None:
        seq = row.seq
        self._scheduler.remove(seq)
        self._tables.awakeables.remove_all(seq)
        self._tables.promises.remove_waiter(seq)
        self._tables.listeners.remove_caller(seq)
        listeners = self._tables.listeners.take(seq)
        if listeners:
            outcome = to_core(result)
            for caller, completion_id, kind in listeners:
                waiting = self._tables.invocations.read(caller)
                if waiting is not None:
                    self.notify(waiting, *_core.encode_completion(kind, completion_id, outcome))
        if row.is_exclusive and row.key is not None:
            following = self._tables.inbox.remove(row.service, row.key, seq)
            if following is not None:
                self.invoke(following)
        if self._waiting_callers.is_watched(seq):
            completion = Completion(row.id, Target(row.service, row.handler, row.key), result)
            self._store.after_commit(partial(self._waiting_callers.complete, seq, completion))
