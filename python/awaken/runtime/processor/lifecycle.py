"""The life of an invocation up to its end: every change of its status, and what follows in the same transaction.

    scheduled --due--> inboxed --first of its key--> invoked <--> suspended | paused --> completed --> gone

Nothing here waits, and nothing reads the network. Open attempts are notified after the commit. An invocation that does
not run consists of its rows alone. `endings` has what happens at its end, `retries` what follows a failed attempt.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from awaken import _core
from awaken.outcomes import CANCEL, FIRST_AWAKEABLE
from awaken.runtime.events import EventKind
from awaken.runtime.processor.resumptions import Resumptions
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.clock import Clock
    from awaken.runtime.processor.event_feed import EventFeed
    from awaken.runtime.processor.open_attempts import OpenAttempts
    from awaken.runtime.processor.scheduler import Scheduler
    from awaken.runtime.store import Store
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.invocations import NewInvocation, SuspensionPoint
    from awaken.runtime.tables.tables import Tables

__all__ = ["Lifecycle"]


class Lifecycle:
    """Creates invocations, and changes them until they end."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tables: Tables,
        scheduler: Scheduler,
        open_attempts: OpenAttempts,
        events: EventFeed,
    ) -> None:
        self._store = store
        self._clock = clock
        self._tables = tables
        self._scheduler = scheduler
        self._open_attempts = open_attempts
        self._events = events
        self._resumptions = Resumptions(tables.journal)
        #: This process does not use a number of a row again: callbacks after a commit may name a row that is gone.
        self._last_seq = tables.invocations.last_seq()

    # Beginning.

    def create(self, new: NewInvocation) -> int:
        """Store a new invocation and return the number of its row. It runs if it is due and its key is free."""
        now = self._clock.now_ms()
        handler = new.handler
        is_early = self._may_open_early(new)
        start_at = None if new.execution_time_ms is None else min(new.execution_time_ms, LAST_MS)
        is_delayed = start_at is not None and start_at > now
        is_queued = handler.is_exclusive and new.key is not None and not is_delayed
        status: Literal["scheduled", "inboxed", "invoked"] = "scheduled" if is_delayed else "invoked"
        if is_queued and self._tables.inbox.is_taken(handler.service, new.key or ""):
            status = "inboxed"
        self._last_seq = seq = self._last_seq + 1
        self._tables.invocations.insert(seq, new, status, now, start_at)
        self._tables.journal.begin(seq, *new.input)
        self._events.note_accepted(new, status)
        if is_delayed:
            self._scheduler.add(start_at or 0, "start", seq)
        if is_queued:
            self._tables.inbox.add(handler.service, new.key or "", seq)
        if status == "invoked" and is_early:
            self._open_attempts.dispatch_early(seq)
        elif status == "invoked":
            self._open_attempts.dispatch(seq)
        return seq

    def _may_open_early(self, new: NewInvocation) -> bool:
        """Return whether an invocation may run before its row is on disk: nobody knows of it, and it reads nothing new.

        See `docs/decisions/early-attempts.md`.
        """
        if new.invoked_by != "ingress":
            return False
        return new.key is None or (new.handler.kind == "exclusive" and self._store.is_synced)

    def resume_all(self) -> None:
        """Continue the invocations that were running when the last process stopped. Counts of failures start over."""
        for seq in self._tables.invocations.invoked():
            self._scheduler.remove(seq, "retry")
            self.invoke(seq, is_recovered=True)

    def handle_timer(self, kind: str, invocation: int, completion_id: int | None) -> None:
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

    def invoke(self, invocation: int, *, is_recovered: bool = False) -> None:
        """Run an invocation, for the first time or again. Its counts of failures start over.

        Args:
            invocation: the number of its row.
            is_recovered: whether it ran already when the runtime stopped without suspending it.
        """
        self._tables.invocations.set_invoked(invocation, self._clock.now_ms())
        self._open_attempts.dispatch(invocation, is_recovered=is_recovered)

    def retry_now(self, row: InvocationRow) -> None:
        """Run the next attempt of an invocation that is backing off."""
        self._tables.invocations.set_retrying(row.seq, self._clock.now_ms())
        self._open_attempts.dispatch(row.seq)

    # While it runs.

    def notify(self, row: InvocationRow, code: int, payload: bytes, signal: int | None = None) -> bool:
        """Append a notification to the journal, and continue the invocation if it was waiting for it.

        Returns:
            Whether it was stored. An invocation that has not started, or has completed, takes none.
        """
        if row.status in ("scheduled", "inboxed", "completed"):
            return False
        index = self._tables.journal.append(row.seq, code, payload, signal)
        if signal is not None and signal >= FIRST_AWAKEABLE:
            self._tables.awakeables.remove(row.seq, signal)
        if row.status == "invoked":
            if self._open_attempts.is_open(row.seq):
                self._store.after_commit(
                    partial(self._open_attempts.send_entry, row.seq, index, code, payload)
                )
        elif row.status == "suspended":
            if self._resumptions.can_resume(row, index, code, payload):
                self.invoke(row.seq)
        elif signal == CANCEL:
            self.invoke(row.seq)
        return True

    def pin(self, invocation: int, deployment_id: str, protocol_version: int) -> None:
        """Pin an invocation to a deployment and a protocol version, as its first command does."""
        self._tables.invocations.pin(invocation, deployment_id, protocol_version, self._clock.now_ms())

    def suspend(
        self,
        row: InvocationRow,
        point: SuspensionPoint,
        *,
        asked_ms: Mapping[int, int] | None = None,
        is_pausing: bool = False,
    ) -> None:
        """Suspend an invocation, or run it again at once if what it waits for has come already.

        Args:
            row: the invocation.
            point: what it waits for.
            asked_ms: when its last attempt first reported each awakeable that it waited for, by signal index.
            is_pausing: whether it pauses instead of suspending.
        """
        now = self._clock.now_ms()
        asked = asked_ms or {}
        awaited = {signal: asked.get(signal, now) for signal in point.signals if signal >= FIRST_AWAKEABLE}
        self._tables.awakeables.add(row.seq, {**asked, **awaited})
        self._tables.awakeables.set_awaited(row.seq, list(awaited))
        unseen = self._tables.journal.notifications_from(row.seq, point.unseen_from)
        if not is_pausing and _core.can_resume(point.future, unseen):
            self.invoke(row.seq)
            return
        self._tables.invocations.set_suspended(row.seq, point, now, is_paused=is_pausing)
        if is_pausing:
            self._tables.journal_events.add_pause(row.seq, None)
        self._events.note(row, EventKind.PAUSED if is_pausing else EventKind.SUSPENDED, point.future_json)

    def pause(self, row: InvocationRow, failure: AttemptFailure | None = None) -> None:
        """Pause an invocation until an operator resumes it.

        It keeps its key, and the reason of its last failure. Of one that was backing off, operators go on seeing the
        attempts, as on the server.
        """
        self._events.note(row, EventKind.PAUSED, "" if failure is None else failure.describe(), failure)
        self._scheduler.remove(row.seq, "retry")
        is_backing_off = failure is None and row.next_retry_at is not None
        self._tables.journal_events.add_pause(row.seq, failure, is_backing_off=is_backing_off)
        self._tables.invocations.set_paused(row.seq, self._clock.now_ms(), keeps_attempts=is_backing_off)
