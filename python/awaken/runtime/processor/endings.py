"""How invocations end: they complete, are killed or cancelled, and in the end are deleted.

Everything that waits for an invocation is notified here: handlers in the same transaction, open requests after the
commit. The next invocation of its key starts in the same transaction, too.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from awaken import _core
from awaken.control.operations import Completion, Failure
from awaken.outcomes import CANCEL
from awaken.runtime.tables.results import CANCELED, KILLED, to_core

if TYPE_CHECKING:
    from awaken.control.operations import Success
    from awaken.runtime.clock import Clock
    from awaken.runtime.processor.event_feed import EventFeed, Stop
    from awaken.runtime.processor.lifecycle import Lifecycle
    from awaken.runtime.processor.open_attempts import OpenAttempts
    from awaken.runtime.processor.scheduler import Scheduler
    from awaken.runtime.processor.state_edits import StateEdits
    from awaken.runtime.processor.waiting_callers import WaitingCallers
    from awaken.runtime.store import Store
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.tables import Tables

__all__ = ["Endings"]


class Endings:
    """Ends invocations, and deletes them."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tables: Tables,
        scheduler: Scheduler,
        open_attempts: OpenAttempts,
        waiting_callers: WaitingCallers,
        events: EventFeed,
        lifecycle: Lifecycle,
        state_edits: StateEdits,
    ) -> None:
        self._store = store
        self._clock = clock
        self._tables = tables
        self._scheduler = scheduler
        self._open_attempts = open_attempts
        self._waiting_callers = waiting_callers
        self._events = events
        self._lifecycle = lifecycle
        self._state_edits = state_edits

    def complete(
        self, row: InvocationRow, result: Success | Failure, pinned: tuple[str, int] | None = None
    ) -> None:
        """Complete an invocation, notify everything that waits for it, and pass its key on.

        Args:
            row: the invocation.
            result: what it came to.
            pinned: deployment and protocol version, if it is to be pinned now.
        """
        is_cancelled = isinstance(result, Failure) and self._tables.journal.has_signal(row.seq, CANCEL)
        self._complete(row, result, "cancelled" if is_cancelled else None, pinned)

    def kill(self, row: InvocationRow) -> None:
        """End an invocation and those that it started, without notifying any handler of theirs."""
        doomed = [row]
        while doomed:
            victim = doomed.pop()
            children = self._tables.invocations.open_children(victim.id)
            if victim.status in ("scheduled", "inboxed"):
                self._discard(victim, KILLED, "killed")
            elif victim.status != "completed":
                self._open_attempts.abort(victim.seq)
                self._complete(victim, KILLED, "killed")
            for child in children:
                current = self._tables.invocations.read(child)
                if current is not None:
                    doomed.append(current)

    def cancel(self, row: InvocationRow) -> bool:
        """Ask a handler to stop, and return True; return False if it had not started and was deleted."""
        if row.status in ("scheduled", "inboxed"):
            self._discard(row, CANCELED, "cancelled")
            return False
        self._lifecycle.notify(row, *_core.encode_signal(CANCEL, None), CANCEL)
        return True

    def erase(self, row: InvocationRow) -> None:
        """Delete an invocation that has ended, and with the run of a workflow its state and promises."""
        self._tables.payloads.delete(row.seq)
        self._tables.invocations.delete(row.seq)
        self._tables.journal.delete(row.seq)
        self._tables.journal_events.delete(row.seq)
        if row.kind == "workflow" and row.key is not None:
            self._tables.state.clear_all(row.service, row.key)
            self._tables.promises.delete_all(row.service, row.key)

    def erase_journal(self, invocation: int) -> None:
        """Delete the journal of an invocation that has ended, and keep its result."""
        self._tables.journal.delete(invocation)
        self._tables.payloads.delete_all_but_result(invocation)
        self._tables.journal_events.delete(invocation)
        self._tables.invocations.forget_journal_expiry(invocation)

    def _complete(
        self,
        row: InvocationRow,
        result: Success | Failure,
        stop: Stop | None,
        pinned: tuple[str, int] | None = None,
    ) -> None:
        self._tables.invocations.set_completed(row.seq, result, self._clock.now_ms(), pinned)
        self._events.note_ended(row, result, stop)
        self._release(row, result)
        if row.completion_retention_ms == 0:
            self.erase(row)
        else:
            self._tables.invocations.forget(row.seq)

    def _discard(self, row: InvocationRow, result: Failure, stop: Stop) -> None:
        """Delete an invocation that has not started; what waits for it gets the failure."""
        self._events.note_discarded(row, result, stop)
        self._release(row, result)
        self.erase(row)

    def _release(self, row: InvocationRow, result: Success | Failure) -> None:
        """Remove everything that it waits for or holds, and notify everything that waits for it."""
        seq = row.seq
        fresh = self._tables.fresh.get(seq)
        if fresh is None or not fresh.is_alone:
            self._release_waits(seq, result)
        if row.is_exclusive and row.key is not None:
            following = self._state_edits.pass_on(row.service, row.key, seq)
            if following is not None:
                self._lifecycle.invoke(following)
        if self._waiting_callers.is_awaited(seq):
            completion = Completion(row.id, row.target, result)
            self._store.after_commit(partial(self._waiting_callers.complete, seq, completion))

    def _release_waits(self, invocation: int, result: Success | Failure) -> None:
        self._scheduler.remove(invocation)
        self._tables.awakeables.remove_all(invocation)
        self._tables.promises.remove_waiter(invocation)
        self._tables.listeners.remove_caller(invocation)
        listeners = self._tables.listeners.take(invocation)
        if listeners:
            outcome = to_core(result)
            for caller, completion_id, kind in listeners:
                waiting = self._tables.invocations.read(caller)
                if waiting is not None:
                    self._lifecycle.notify(waiting, *_core.encode_completion(kind, completion_id, outcome))
