"""The life of an invocation: every change of its status, and what follows from it in the same transaction.

    scheduled --due--> inboxed --first of its key--> invoked <--> suspended | paused --> completed --> gone

Nothing here waits, and nothing reads the network. What open attempts and open requests must hear of is told after the
commit. An invocation that does not run is rows and nothing else.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from awaken import _core
from awaken.control.operations import Completion, Failure, Success, Target
from awaken.outcomes import CANCEL, FIRST_AWAKEABLE
from awaken.runtime.events import Event, EventKind
from awaken.runtime.processor.retries import delay_before_retry_ms
from awaken.runtime.tables import invocations
from awaken.runtime.tables.results import CANCELED, KILLED, from_columns, to_columns, to_core
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.clock import Clock
    from awaken.runtime.events import Observer
    from awaken.runtime.processor.scheduler import Scheduler
    from awaken.runtime.processor.waiting_callers import WaitingCallers
    from awaken.runtime.schema import HandlerSchema, RetryPolicy
    from awaken.runtime.store import Store
    from awaken.runtime.supervisor import Supervisor
    from awaken.runtime.tables.inbox import Inbox
    from awaken.runtime.tables.invocations import InvocationRow
    from awaken.runtime.tables.journal import Journal

__all__ = ["Attempts", "Lifecycle", "NewInvocation", "SuspensionPoint", "completion_of"]


class Attempts(Protocol):
    """The attempts that are open in this process. All of these work after the commit only, or at once by intent."""

    def dispatch(self, invocation: int) -> None:
        """Run an attempt once what is written is on disk."""
        ...

    def tell(self, invocation: int, index: int, code: int, payload: bytes) -> None:
        """Tell an open attempt of a journal entry that is on disk."""
        ...

    def abort(self, invocation: int) -> None:
        """Cut an open attempt off."""
        ...

    def is_open(self, invocation: int) -> bool:
        """Whether an attempt is open."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvocation:
    """What an invocation is made of."""

    invocation_id: str
    handler: HandlerSchema
    key: str | None
    input: tuple[int, bytes]
    invoked_by: str
    completion_retention_ms: int
    journal_retention_ms: int
    execution_time_ms: int | None = None
    idempotency_key: str | None = None
    scope: str | None = None
    limit_key: str | None = None
    invoked_by_id: str | None = None
    invoked_by_target: str | None = None
    restarted_from: str | None = None


@dataclass(frozen=True, slots=True)
class SuspensionPoint:
    """What a suspended invocation waits for."""

    future: bytes
    future_json: str
    completions: Sequence[int]
    signals: Sequence[int]
    #: Index of the first journal entry that the endpoint has not seen.
    news_from: int


class Lifecycle:
    """Changes invocations."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        journal: Journal,
        inbox: Inbox,
        scheduler: Scheduler,
        waiting_callers: WaitingCallers,
        attempts: Attempts,
        chance: Callable[[], float] = random.random,
        observer: Observer | None = None,
        supervisor: Supervisor | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._journal = journal
        self._inbox = inbox
        self._scheduler = scheduler
        self._waiting_callers = waiting_callers
        self._attempts = attempts
        self._chance = chance
        (last,) = store.fetch("SELECT coalesce(max(seq), 0) FROM invocation").fetchone()
        #: Rows are not used again by this process: what is told after a commit may name one that is gone.
        self._last_seq: int = last
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
        status = "scheduled" if is_delayed else "invoked"
        if is_queued and self._inbox.is_taken(handler.service, new.key or ""):
            status = "inboxed"
        is_invoked = status == "invoked"
        self._last_seq = seq = self._last_seq + 1
        self._store.write(
            "INSERT INTO invocation (seq, id, status, service, key, handler, kind, scope, limit_key, idempotency_key, "
            "invoked_by, invoked_by_id, invoked_by_target, restarted_from, created_at, modified_at, "
            "scheduled_start_at, scheduled_at, inboxed_at, running_at, last_start_at, retry_count, "
            "completion_retention_ms, journal_retention_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                seq,
                new.invocation_id,
                status,
                handler.service,
                new.key,
                handler.name,
                handler.kind,
                new.scope,
                new.limit_key,
                new.idempotency_key,
                new.invoked_by,
                new.invoked_by_id,
                new.invoked_by_target,
                new.restarted_from,
                now,
                now,
                start_at if is_delayed else None,
                now if is_delayed else None,
                now if status == "inboxed" else None,
                now if is_invoked else None,
                now if is_invoked else None,
                1 if is_invoked else 0,
                min(new.completion_retention_ms, LAST_MS),
                min(new.journal_retention_ms, LAST_MS),
            ),
        )
        self._journal.begin(seq, *new.input)
        if self._observer is not None:
            target = str(Target(handler.service, handler.name, new.key))
            self._tell(
                Event(EventKind.ACCEPTED, new.invocation_id, target, status if status != "invoked" else "")
            )
        if is_delayed:
            self._scheduler.add(start_at or 0, "start", seq)
        if is_queued:
            self._inbox.add(handler.service, new.key or "", seq)
        if is_invoked:
            self._attempts.dispatch(seq)
        return seq

    def resume_all(self) -> None:
        """Go on with what an earlier process left invoked; counts of failures start over."""
        rows = self._store.fetch(
            "SELECT seq FROM invocation WHERE status = 'invoked' ORDER BY seq"
        ).fetchall()
        for (seq,) in rows:
            self._scheduler.remove(seq, "retry")
            self.invoke(seq)

    def ring(self, kind: str, invocation: int, completion_id: int | None) -> None:
        """Handle a timer that is due."""
        row = invocations.read(self._store, invocation)
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
            is_taken = self._inbox.is_taken(row.service, row.key)
            self._inbox.add(row.service, row.key, row.seq)
            if is_taken:
                now = self._clock.now_ms()
                self._store.write(
                    "UPDATE invocation SET status = 'inboxed', inboxed_at = ?, modified_at = ? WHERE seq = ?",
                    (now, now, row.seq),
                )
                return
        self.invoke(row.seq)

    def invoke(self, invocation: int) -> None:
        """Run it: for the first time, after a suspension or after a pause. All counts of failures start over."""
        now = self._clock.now_ms()
        self._store.write(
            "UPDATE invocation SET status = 'invoked', modified_at = ?1, running_at = coalesce(running_at, ?1), "
            "last_start_at = ?1, retry_count = 1, counted_failures = 0, failures_since_entry = 0, "
            "next_retry_at = NULL, last_failure = NULL, last_failure_code = NULL, last_failure_stacktrace = NULL, "
            "last_failure_command_index = NULL, last_failure_command_name = NULL, last_failure_command_type = NULL, "
            "future = NULL, future_json = NULL, waiting_completions = NULL, waiting_signals = NULL, news_from = NULL "
            "WHERE seq = ?2",
            (now, invocation),
        )
        self._attempts.dispatch(invocation)

    def retry_now(self, row: InvocationRow) -> None:
        """Run the next attempt of one that backs off."""
        self._store.write(
            "UPDATE invocation SET next_retry_at = NULL, retry_count = retry_count + 1, last_start_at = ?, "
            "modified_at = ?1 WHERE seq = ?",
            (self._clock.now_ms(), row.seq),
        )
        self._attempts.dispatch(row.seq)

    # On its way.

    def notify(self, row: InvocationRow, code: int, payload: bytes, signal: int | None = None) -> bool:
        """Add a notification to a journal, and let the invocation go on if it waited for this.

        Returns:
            Whether it was stored: one that has not started, or has completed, takes none.
        """
        if row.status in ("scheduled", "inboxed", "completed"):
            return False
        index = self._journal.append(row.seq, code, payload, signal)
        if signal is not None and signal >= FIRST_AWAKEABLE:
            self._store.write("DELETE FROM awakeable WHERE invocation = ? AND signal = ?", (row.seq, signal))
        if row.status == "invoked":
            if self._attempts.is_open(row.seq):
                self._store.after_commit(partial(self._attempts.tell, row.seq, index, code, payload))
        elif row.status == "suspended":
            news = self._journal.news(row.seq, row.news_from or 0)
            if _core.can_resume(row.future or b"", news):
                self.invoke(row.seq)
        elif signal == CANCEL:
            self.invoke(row.seq)
        return True

    def pin(self, invocation: int, deployment_id: str, protocol_version: int) -> None:
        """Tie it to a deployment and a version, because its first command is stored."""
        self._store.write(
            "UPDATE invocation SET deployment_id = ?1, last_attempt_deployment_id = ?1, protocol_version = ?2, "
            "modified_at = ?3 WHERE seq = ?4",
            (deployment_id, protocol_version, self._clock.now_ms(), invocation),
        )

    def suspend(self, row: InvocationRow, point: SuspensionPoint, *, is_pausing: bool = False) -> None:
        """Note what it waits for; run again at once when that is there already."""
        news = self._journal.news(row.seq, point.news_from)
        is_there = not is_pausing and _core.can_resume(point.future, news)
        if is_there:
            self.invoke(row.seq)
            return
        now = self._clock.now_ms()
        self._store.write(
            "UPDATE invocation SET status = ?, modified_at = ?, retry_count = 0, counted_failures = 0, "
            "failures_since_entry = 0, next_retry_at = NULL, last_failure = NULL, last_failure_code = NULL, "
            "last_failure_stacktrace = NULL, future = ?, future_json = ?, waiting_completions = ?, "
            "waiting_signals = ?, news_from = ? WHERE seq = ?",
            (
                "paused" if is_pausing else "suspended",
                now,
                point.future,
                point.future_json,
                json.dumps(list(point.completions)),
                json.dumps(list(point.signals)),
                point.news_from,
                row.seq,
            ),
        )
        self.observe(row, EventKind.PAUSED if is_pausing else EventKind.SUSPENDED, point.future_json)
        awaited = [signal for signal in point.signals if signal >= FIRST_AWAKEABLE]
        self._store.write(
            "DELETE FROM awakeable WHERE invocation = ? AND signal NOT IN (SELECT value FROM json_each(?))",
            (row.seq, json.dumps(awaited)),
        )
        for signal in awaited:
            if not self._journal.has_signal(row.seq, signal):
                self._store.write(
                    "INSERT OR IGNORE INTO awakeable (invocation, signal, since) VALUES (?, ?, ?)",
                    (row.seq, signal, now),
                )

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
        self._store.write(
            "UPDATE invocation SET modified_at = ?, counted_failures = ?, failures_since_entry = ?, "
            "next_retry_at = ?, last_failure = ?, last_failure_code = ?, last_failure_stacktrace = ?, "
            "last_failure_command_index = ?, last_failure_command_name = ?, last_failure_command_type = ?, "
            "last_attempt_deployment_id = ? WHERE seq = ?",
            (
                now,
                counted,
                1 if has_progressed else row.failures_since_entry + 1,
                None if is_paused else now + delay_ms,
                failure.describe(),
                failure.reason,
                failure.stacktrace or None,
                failure.command_index,
                failure.command_name,
                failure.command_type,
                deployment_id,
                row.seq,
            ),
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
        self._store.write(
            "UPDATE invocation SET status = 'paused', modified_at = ?, retry_count = 0, counted_failures = 0, "
            "next_retry_at = NULL WHERE seq = ?",
            (self._clock.now_ms(), row.seq),
        )

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
        self._store.write(
            "UPDATE invocation SET status = 'completed', completed_at = ?1, modified_at = ?1, "
            "completion_expires_at = min(?1 + completion_retention_ms, ?8), "
            "journal_expires_at = min(?1 + journal_retention_ms, ?1 + completion_retention_ms, ?8), "
            "retry_count = 0, counted_failures = 0, next_retry_at = NULL, last_failure = NULL, "
            "last_failure_code = NULL, last_failure_stacktrace = NULL, "
            "future = NULL, future_json = NULL, waiting_completions = NULL, waiting_signals = NULL, "
            "news_from = NULL, result_value = ?2, failure_code = ?3, failure_message = ?4, failure_metadata = ?5, "
            "failure_stacktrace = ?6 WHERE seq = ?7",
            (
                self._clock.now_ms(),
                *to_columns(result),
                result.stacktrace if isinstance(result, Failure) else None,
                row.seq,
                LAST_MS,
            ),
        )
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
            children = self._store.fetch(
                "SELECT seq FROM invocation WHERE invoked_by_id = ? AND status <> 'completed'", (victim.id,)
            ).fetchall()
            if victim.status in ("scheduled", "inboxed"):
                self.discard(victim, KILLED)
            elif victim.status != "completed":
                self._attempts.abort(victim.seq)
                self.complete(victim, KILLED)
            for (child,) in children:
                current = invocations.read(self._store, child)
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
        self._store.write("DELETE FROM invocation WHERE seq = ?", (row.seq,))
        self._store.write("DELETE FROM journal WHERE invocation = ?", (row.seq,))
        if row.kind == "workflow":
            self._store.write("DELETE FROM state WHERE service = ? AND key = ?", (row.service, row.key))
            self._store.write("DELETE FROM promise WHERE service = ? AND key = ?", (row.service, row.key))

    def erase_journal(self, invocation: int) -> None:
        """Forget the journal of one that has ended, and keep its result."""
        self._store.write("DELETE FROM journal WHERE invocation = ?", (invocation,))
        self._store.write("UPDATE invocation SET journal_expires_at = NULL WHERE seq = ?", (invocation,))

    def _let_go(self, row: InvocationRow, result: Success | Failure) -> None:
        seq = row.seq
        self._scheduler.remove(seq)
        self._store.write("DELETE FROM awakeable WHERE invocation = ?", (seq,))
        self._store.write("DELETE FROM promise_waiter WHERE invocation = ?", (seq,))
        self._store.write("DELETE FROM listener WHERE caller = ?", (seq,))
        listeners = self._store.fetch(
            "SELECT caller, completion_id, kind FROM listener WHERE invocation = ?", (seq,)
        ).fetchall()
        if listeners:
            self._store.write("DELETE FROM listener WHERE invocation = ?", (seq,))
            outcome = to_core(result)
            for caller, completion_id, kind in listeners:
                waiting = invocations.read(self._store, caller)
                if waiting is not None:
                    self.notify(waiting, *_core.encode_completion(kind, completion_id, outcome))
        if row.is_exclusive and row.key is not None:
            following = self._inbox.remove(row.service, row.key, seq)
            if following is not None:
                self.invoke(following)
        if self._waiting_callers.is_watched(seq):
            completion = Completion(row.id, Target(row.service, row.handler, row.key), result)
            self._store.after_commit(partial(self._waiting_callers.complete, seq, completion))


def completion_of(row: InvocationRow) -> Completion:
    """Return the stored result of a completed invocation."""
    return Completion(
        row.id,
        Target(row.service, row.handler, row.key),
        from_columns(
            row.result_value,
            row.failure_code,
            row.failure_message,
            row.failure_metadata,
            row.failure_stacktrace,
        ),
        row.completion_expires_at,
    )
