"""The attempts that are open in this process, and the invocations that are due for one.

The processor adds what is due and reaches open attempts by the row of their invocation; the invoker takes what is due,
opens attempts and adds them here. So the processor need not know the invoker.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from awaken.runtime.store import Store
    from awaken.runtime.tables.invocation_row import InvocationRow

__all__ = ["Awaited", "OpenAttempt", "OpenAttempts"]


class Awaited(NamedTuple):
    """What a handler with an open attempt last reported to wait for."""

    row: InvocationRow
    #: The tree of futures, as JSON.
    future_json: str
    #: When this attempt first reported each awakeable, by signal index, in UTC milliseconds.
    asked_ms: Mapping[int, int]


class OpenAttempt(Protocol):
    """One open attempt, as the processor sees it."""

    awaited: Awaited | None

    def send_entry(self, index: int, code: int, payload: bytes) -> None:
        """Send the endpoint a journal entry that is on disk."""
        ...

    def ask_to_suspend(self, *, is_pausing: bool = False) -> None:
        """Ask the endpoint to suspend as soon as it waits."""
        ...

    def idle_ms(self) -> int | None:
        """Return the milliseconds since something was sent or received; None once it was asked to suspend."""
        ...

    def held_size(self) -> int:
        """Return the bytes of its journal, and of what its endpoint sent, that are in memory."""
        ...

    def abort(self) -> None:
        """Close the exchange at once. Nothing from it is stored any more."""
        ...


class OpenAttempts:
    """Open attempts, and the queue of those that are due. Invocations are given by the numbers of their rows.

    Args:
        store: calls back when what was written is on disk.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[int, OpenAttempt] = {}
        self._due: deque[int] = deque()
        #: Since when, in seconds of the monotonic clock.
        self._due_since: deque[float] = deque()
        self._recovered: set[int] = set()
        #: Those of them whose row need not be on disk when they open.
        self._early: set[int] = set()
        self._on_due: Callable[[], None] = lambda: None
        self._is_stopped = False
        self._is_empty: asyncio.Event | None = None

    # For the processor.

    def dispatch(self, invocation: int, *, is_recovered: bool = False) -> None:
        """Add an attempt to the queue, once everything written so far is on disk.

        Args:
            invocation: the number of its row.
            is_recovered: whether its last attempt was lost with the process, and with it what it had reported.
        """
        if is_recovered:
            self._recovered.add(invocation)
        self._store.after_commit(partial(self._add_due, invocation))

    def dispatch_early(self, invocation: int) -> None:
        """Add the first attempt of an invocation to the queue, whose row is written but may not be on disk.

        If the row is lost, the attempt is aborted or finds no row. What the attempt stores and acknowledges comes after
        the row.
        """
        self._early.add(invocation)
        self._add_due(invocation)

    def is_open(self, invocation: int) -> bool:
        """Whether an attempt is open."""
        return invocation in self._open

    def send_entry(self, invocation: int, index: int, code: int, payload: bytes) -> None:
        """Send a journal entry that is on disk, if an attempt is open."""
        attempt = self._open.get(invocation)
        if attempt is not None:
            attempt.send_entry(index, code, payload)

    def pause(self, invocation: int) -> bool:
        """Ask an open attempt to pause, and return True; return False if none is open."""
        attempt = self._open.get(invocation)
        if attempt is None:
            return False
        attempt.ask_to_suspend(is_pausing=True)
        return True

    def abort(self, invocation: int) -> None:
        """Close the exchange of an open attempt at once."""
        attempt = self._open.get(invocation)
        if attempt is not None:
            attempt.abort()

    # For the invoker.

    def when_due(self, callback: Callable[[], None]) -> None:
        """Set what is called when an attempt is due, or when there may be room for one that is."""
        self._on_due = callback

    @property
    def due_count(self) -> int:
        """How many attempts are due."""
        return len(self._due)

    @property
    def due_s(self) -> float:
        """Seconds since the first of those that are due became so; 0 if none is."""
        return time.monotonic() - self._due_since[0] if self._due_since else 0.0

    def take_due(self) -> int:
        """Remove and return the invocation that has been due for longest. There must be one."""
        self._due_since.popleft()
        return self._due.popleft()

    def take_early(self, invocation: int) -> bool:
        """Return whether the next attempt may open before everything that is written is on disk, and forget that."""
        is_early = invocation in self._early
        self._early.discard(invocation)
        return is_early

    def take_recovered(self, invocation: int) -> bool:
        """Return whether the next attempt follows one that was lost with the process, and forget that."""
        is_recovered = invocation in self._recovered
        self._recovered.discard(invocation)
        return is_recovered

    def add(self, invocation: int, attempt: OpenAttempt) -> None:
        """Add an attempt that has been opened."""
        self._open[invocation] = attempt

    def remove(self, invocation: int, attempt: OpenAttempt) -> None:
        """Remove an attempt that has ended. In one of the next turns, one that is due can take its place."""
        if self._open.get(invocation) is attempt:
            del self._open[invocation]
        if self._due and not self._is_stopped:
            self._on_due()
        if not self._open and self._is_empty is not None:
            self._is_empty.set()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[OpenAttempt]:
        return iter(list(self._open.values()))

    def _add_due(self, invocation: int) -> None:
        if not self._is_stopped:
            self._due.append(invocation)
            self._due_since.append(time.monotonic())
            self._on_due()

    # For the runtime.

    @property
    def is_idle(self) -> bool:
        """Whether no attempt is open, and none is due."""
        return not self._open and not self._due

    @property
    def is_at_rest(self) -> bool:
        """Whether no attempt is due, and every open one has reported what it waits for."""
        return not self._due and all(attempt.awaited is not None for attempt in self._open.values())

    def awaited(self) -> Iterator[Awaited]:
        """Yield what handlers with an open attempt have reported to wait for."""
        for attempt in self._open.values():
            if attempt.awaited is not None:
                yield attempt.awaited

    def awaited_by(self, invocation: int) -> Awaited | None:
        """Return what the handler of an invocation has reported to wait for; None if no attempt is open."""
        attempt = self._open.get(invocation)
        return None if attempt is None else attempt.awaited

    async def drain(self, grace_s: float) -> None:
        """Open no more attempts, ask the open ones to suspend, and close those that do not within `grace_s` seconds."""
        self._is_stopped = True
        self._forget_due()
        for attempt in self:
            attempt.ask_to_suspend()
        if self._open:
            self._is_empty = asyncio.Event()
            # Attempts that do not suspend are repeated at the next start.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_empty.wait(), grace_s)
        self.abort_all()

    def abort_all(self) -> None:
        """Close every attempt at once. What is not stored by then will be repeated."""
        self._forget_due()
        for attempt in self:
            attempt.abort()

    def _forget_due(self) -> None:
        self._due.clear()
        self._due_since.clear()
        self._early.clear()
