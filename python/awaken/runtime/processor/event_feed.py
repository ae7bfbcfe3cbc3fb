"""Reports events about invocations to an observer, each after the commit that makes it true."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from awaken.control.named_waits import describe_named
from awaken.control.operations import Failure, Target
from awaken.runtime.events import Event, EventKind, SelectiveObserver

if TYPE_CHECKING:
    from awaken.control.operations import Success
    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.clock import Clock
    from awaken.runtime.events import Observer
    from awaken.runtime.measures import Measures
    from awaken.runtime.store import Store
    from awaken.runtime.tables.invocation_row import InvocationRow
    from awaken.runtime.tables.invocations import NewInvocation
    from awaken.runtime.tables.journal import Journal

    #: Who ended an invocation from outside.
    Stop: TypeAlias = Literal["cancelled", "killed"]

__all__ = ["EventFeed"]

#: Commands among which the names of what is awaited are looked for, the newest ones.
_MOST_COMMANDS: Final = 50


class EventFeed:
    """Reports to one observer. Without an observer, nothing is computed; an event that is only counted is not made.

    Args:
        store: calls back when what was written is on disk.
        clock: what time it is.
        journal: has the commands whose names events tell.
        observer: receives the events; None if no one wants them.
        measures: receives how many invocations begin and end.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        journal: Journal,
        observer: Observer | None,
        measures: Measures | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._journal = journal
        self._observer = observer
        self._measures = measures
        self._selective = observer if isinstance(observer, SelectiveObserver) else None

    def note_accepted(self, new: NewInvocation, status: str) -> None:
        """Report a new invocation, with its status unless it runs at once."""
        if self._measures is not None:
            count = partial(self._measures.note_accepted, new.handler.service, new.handler.name)
            self._store.after_commit(count, is_urgent=False)
        if self._observer is not None:
            report = partial(self._report_accepted, self._observer, new, status, self._clock.now_ms())
            self._store.after_commit(report, is_urgent=False)

    def note(
        self, row: InvocationRow, kind: EventKind, detail: str = "", failure: AttemptFailure | None = None
    ) -> None:
        """Report what happened to an invocation that has not ended."""
        if self._observer is not None:
            report = partial(
                self._report, self._observer, row, kind, detail, None, failure, self._clock.now_ms()
            )
            self._store.after_commit(report, is_urgent=False)

    def note_ended(self, row: InvocationRow, result: Success | Failure, stop: Stop | None) -> None:
        """Report how an invocation ended, and how long it took.

        Args:
            row: the invocation.
            result: what it came to.
            stop: what was done to it, if it failed after that; the code 409 alone says nothing, as handlers fail with
                it, too.
        """
        self._measure_end(row, result, stop)
        if self._observer is not None:
            kind, detail = EventKind.SUCCEEDED, ""
            if isinstance(result, Failure):
                kind, detail = EventKind.FAILED, f"[{result.code}] {result.message}"
            now_ms = self._clock.now_ms()
            took_ms = now_ms - row.created_at
            report = partial(self._report, self._observer, row, kind, detail, took_ms, None, now_ms)
            self._store.after_commit(report, is_urgent=False)

    def note_discarded(self, row: InvocationRow, result: Failure, stop: Stop) -> None:
        """Count an invocation that ended before it began. Observers do not hear of it."""
        self._measure_end(row, result, stop)

    def note_completion(self, door: str, outcome: str) -> None:
        """Count what became of a result that was given to an awakeable in this transaction."""
        if self._measures is not None:
            count = partial(self._measures.note_completion, door, outcome)
            self._store.after_commit(count, is_urgent=False)

    def _measure_end(self, row: InvocationRow, result: Success | Failure, stop: Stop | None) -> None:
        if self._measures is not None:
            end = (stop or "failed") if isinstance(result, Failure) else "succeeded"
            seconds = max(0, self._clock.now_ms() - row.created_at) / 1000
            count = partial(self._measures.note_ended, row.service, row.handler, end, seconds)
            self._store.after_commit(count, is_urgent=False)

    def _report_accepted(self, observer: Observer, new: NewInvocation, status: str, at_ms: int) -> None:
        if not self._is_skipped(EventKind.ACCEPTED):
            target = str(Target(new.handler.service, new.handler.name, new.key))
            detail = status if status != "invoked" else ""
            observer.note(
                Event(EventKind.ACCEPTED, new.invocation_id, target, detail, input=new.body, at_ms=at_ms)
            )

    def _report(
        self,
        observer: Observer,
        row: InvocationRow,
        kind: EventKind,
        detail: str,
        took_ms: int | None,
        failure: AttemptFailure | None,
        at_ms: int,
    ) -> None:
        if not self._is_skipped(kind):
            waits = self._describe_waits(row, detail) if kind is EventKind.SUSPENDED else ""
            observer.note(
                Event(
                    kind, row.id, str(row.target), detail, took_ms, failure=failure, waits=waits, at_ms=at_ms
                )
            )

    def _describe_waits(self, row: InvocationRow, future_json: str) -> str:
        with closing(self._journal.newest_commands(row.seq, _MOST_COMMANDS)) as commands:
            return describe_named(future_json, commands)

    def _is_skipped(self, kind: EventKind) -> bool:
        return self._selective is not None and self._selective.skips(kind)
