"""All tables that the processor reads and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.runtime.tables.awakeables import Awakeables
from awaken.runtime.tables.fresh import FreshInvocations
from awaken.runtime.tables.inbox import Inbox
from awaken.runtime.tables.invocations import Invocations
from awaken.runtime.tables.journal import Journal
from awaken.runtime.tables.journal_events import JournalEvents
from awaken.runtime.tables.listeners import Listeners
from awaken.runtime.tables.payloads import Payloads
from awaken.runtime.tables.promises import PromiseRows
from awaken.runtime.tables.state import KeyedState
from awaken.runtime.tables.timers import Timers

if TYPE_CHECKING:
    from awaken.runtime.clock import Clock
    from awaken.runtime.store import Store

__all__ = ["Tables"]


class Tables:
    """The tables of one store. They keep in memory what they know of the invocations that were created last."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.fresh = fresh = FreshInvocations(store)
        self.payloads = Payloads(store, fresh)
        self.invocations = Invocations(store, fresh, self.payloads)
        self.journal = Journal(store, clock, fresh, self.payloads)
        self.journal_events = JournalEvents(store, clock)
        self.state = KeyedState(store)
        self.inbox = Inbox(store, clock)
        self.timers = Timers(store, fresh)
        self.awakeables = Awakeables(store, fresh)
        self.listeners = Listeners(store, fresh)
        self.promises = PromiseRows(store, fresh)
