"""Reports events about invocations to an observer, each after the commit that makes it true."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from awaken.control.operations import Failure, Target
from awaken.runtime.events import Event, EventKind

if TYPE_CHECKING:
    from awaken.control.operations import Success
    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.clock import Clock
    from awaken.runtime.events import Observer
    from awaken.runtime.store import Store
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.invocations import NewInvocation

__all__ = ["EventFeed"]


class EventFeed:
    """Reports to one observer. Without an observer, nothing is computed.

    Args:
        store: calls back when what was written is on disk.
        clock: what time it is.
        observer: receives the events; None if no one wants them.
    """

    def __init__(self, store: Store, clock: Clock, observer: Observer | None) -> None:
        self._store = store
        self._clock = clock
        self._observer = observer

    def note_accepted(self, new: NewInvocation, status: str) -> None:
        """Report a new invocation, with its status unless it runs at once."""
        if self._observer is not None:
            target = str(Target(new.handler.service, new.handler.name, new.key))
            detail = status if status != "invoked" else ""
            event = Event(EventKind.ACCEPTED, new.invocation_id, target, detail, input=new.body)
            self._report(self._observer, event)

    def note(
        self, row: InvocationRow, kind: EventKind, detail: str = "", failure: AttemptFailure | None = None
    ) -> None:
        """Report what happened to an invocation that has not ended."""
        if self._observer is not None:
            self._report(self._observer, Event(kind, row.id, str(row.target), detail, failure=failure))

    def note_ended(self, row: InvocationRow, result: Success | Failure) -> None:
        """Report how an invocation ended, and how long it took."""
        if self._observer is not None:
            is_failed = isinstance(result, Failure)
            kind = EventKind.FAILED if is_failed else EventKind.SUCCEEDED
            detail = f"[{result.code}] {result.message}" if isinstance(result, Failure) else ""
            took_ms = self._clock.now_ms() - row.created_at
            self._report(self._observer, Event(kind, row.id, str(row.target), detail, took_ms))

    def _report(self, observer: Observer, event: Event) -> None:
        self._store.after_commit(partial(observer.note, event), is_urgent=False)
