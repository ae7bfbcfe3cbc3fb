"""When a transaction is committed: soon if something waits for it, else with what follows within some milliseconds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pace"]

#: How many turns a transaction that something waits for stays open while each of them writes.
_MOST_TURNS: Final = 4
#: How long one stays open that nothing waits for: operators see it that much later, and a crash may take it with it.
_MOST_SECONDS: Final = 0.01


class Pace:
    """Calls for commits, on the event loop.

    Args:
        commit: called when it is time.
        on_age: called some milliseconds after a transaction has begun, which may have ended since.
    """

    def __init__(self, commit: Callable[[], None], on_age: Callable[[], None]) -> None:
        #: How many rows the store has written so far.
        self.write_count = 0
        self._commit = commit
        self._on_age = on_age
        self._seen_count = 0
        self._turns = 0
        self._handle: asyncio.Handle | None = None
        self._age_handle: asyncio.TimerHandle | None = None

    def note_begin(self) -> None:
        """Commit within some milliseconds: a transaction has begun."""
        if self._age_handle is None:
            self._age_handle = asyncio.get_running_loop().call_later(_MOST_SECONDS, self._note_age)

    def hasten(self) -> None:
        """Commit after the first turn without a write."""
        if self._handle is None:
            self._turns = 0
            self._handle = asyncio.get_running_loop().call_soon(self._commit_when_quiet)

    def cancel(self) -> None:
        """Do not commit: it is done now."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def stop(self) -> None:
        """Commit no more."""
        self.cancel()
        if self._age_handle is not None:
            self._age_handle.cancel()
            self._age_handle = None

    def _note_age(self) -> None:
        self._age_handle = None
        self._on_age()

    def _commit_when_quiet(self) -> None:
        if self.write_count != self._seen_count and self._turns < _MOST_TURNS:
            self._seen_count = self.write_count
            self._turns += 1
            self._handle = asyncio.get_running_loop().call_soon(self._commit_when_quiet)
        else:
            self._handle = None
            self._commit()
