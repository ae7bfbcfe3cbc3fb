"""The processor: turns requests, commands and due timers into rows.

Its parts are created here in the order of their imports: each one knows only those before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.runtime.processor.cleaner import Cleaner
from awaken.runtime.processor.commands import Commands
from awaken.runtime.processor.endings import Endings
from awaken.runtime.processor.event_feed import EventFeed
from awaken.runtime.processor.expiries import Expiries
from awaken.runtime.processor.invocation_changes import InvocationChanges
from awaken.runtime.processor.invocation_start import InvocationStart
from awaken.runtime.processor.lifecycle import Lifecycle
from awaken.runtime.processor.open_attempts import OpenAttempts
from awaken.runtime.processor.promises import Promises
from awaken.runtime.processor.restarts import Restarts
from awaken.runtime.processor.retries import Retries
from awaken.runtime.processor.scheduler import Scheduler
from awaken.runtime.processor.signals import Signals
from awaken.runtime.processor.state_edits import StateEdits
from awaken.runtime.processor.waiting_callers import WaitingCallers
from awaken.runtime.tables.tables import Tables

if TYPE_CHECKING:
    from awaken.runtime.clock import Clock
    from awaken.runtime.events import Observer
    from awaken.runtime.measures import Measures
    from awaken.runtime.schema import Schema
    from awaken.runtime.store import Store
    from awaken.runtime.supervisor import Supervisor

__all__ = ["Processor"]


class Processor:
    """Creates and holds the parts.

    Args:
        store: the database.
        clock: what time it is.
        schema: the registered handlers.
        cleanup_interval_ms: between two rounds of deleting what has expired.
        observer: receives every event of every invocation.
        supervisor: decides on failed attempts, for tests.
        measures: receives numbers; None takes none.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        schema: Schema,
        *,
        cleanup_interval_ms: int,
        observer: Observer | None = None,
        supervisor: Supervisor | None = None,
        measures: Measures | None = None,
    ) -> None:
        self.store = store
        self.measures = measures
        self.clock = clock
        self.tables = tables = Tables(store, clock)
        self.open_attempts = OpenAttempts(store)
        self.waiting_callers = WaitingCallers(supervisor)
        self.events = EventFeed(store, clock, tables.journal, observer, measures)
        self.scheduler = Scheduler(store, clock, tables.timers, self._handle_timer, measures)
        self.lifecycle = Lifecycle(store, clock, tables, self.scheduler, self.open_attempts, self.events)
        self.state_edits = StateEdits(schema, tables)
        self.endings = Endings(
            store,
            clock,
            tables,
            self.scheduler,
            self.open_attempts,
            self.waiting_callers,
            self.events,
            self.lifecycle,
            self.state_edits,
        )
        self.retries = Retries(
            clock, tables, self.scheduler, self.lifecycle, self.endings, self.events, supervisor
        )
        self.invocation_start = InvocationStart(tables, self.lifecycle)
        self.signals = Signals(tables, self.lifecycle, self.endings)
        self.commands = Commands(
            clock,
            schema,
            tables,
            self.scheduler,
            self.lifecycle,
            Promises(tables, self.lifecycle),
            self.signals,
            self.invocation_start,
            self.events,
        )
        self._expiries = None if measures is None else Expiries(store, self.open_attempts, self.events)
        self.changes = InvocationChanges(
            schema, tables, self.scheduler, self.lifecycle, self.endings, self.open_attempts
        )
        self.restarts = Restarts(schema, tables, self.lifecycle)
        self.cleaner = Cleaner(store, tables, clock, self.endings, cleanup_interval_ms)

    def resume_all(self) -> None:
        """Continue what the store says was running, and handle timers. Raises StoreError."""
        self.lifecycle.resume_all()
        self.scheduler.start()

    def _handle_timer(self, kind: str, invocation: int, completion_id: int | None) -> None:
        if self._expiries is not None and kind == "sleep" and completion_id is not None:
            self._expiries.note(invocation, completion_id)
        self.lifecycle.handle_timer(kind, invocation, completion_id)
