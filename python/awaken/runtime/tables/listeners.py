"""The table of listeners: which command of which invocation gets the result of another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from awaken.runtime.store import Store
    from awaken.runtime.tables.fresh import FreshInvocations

__all__ = ["Listener", "Listeners"]


class Listener(NamedTuple):
    """One command that waits for the result of an invocation."""

    #: The number of the row of the invocation that issued the command.
    caller: int
    completion_id: int
    #: The kind of notification that answers it: Call or AttachInvocation.
    kind: str


class Listeners:
    """Handlers that wait for invocations. An invocation is given by the number of its row."""

    def __init__(self, store: Store, fresh: FreshInvocations) -> None:
        self._store = store
        self._fresh = fresh

    def add(self, invocation: int, listener: Listener) -> None:
        """Register a command to get the result of an invocation."""
        if (fresh := self._fresh.get(invocation)) is not None:
            fresh.has_listeners = True
        if (fresh := self._fresh.get(listener.caller)) is not None:
            fresh.is_listening = True
        self._store.write(
            "INSERT OR IGNORE INTO listener (invocation, caller, completion_id, kind) VALUES (?, ?, ?, ?)",
            (invocation, *listener),
        )

    def remove_caller(self, caller: int) -> None:
        """Remove the commands of an invocation that has ended."""
        fresh = self._fresh.get(caller)
        if fresh is None or fresh.is_listening:
            self._store.write("DELETE FROM listener WHERE caller = ?", (caller,))

    def take(self, invocation: int) -> list[Listener]:
        """Remove and return the commands that wait for an invocation."""
        fresh = self._fresh.get(invocation)
        if fresh is not None and not fresh.has_listeners:
            return []
        rows = self._store.fetch(
            "SELECT caller, completion_id, kind FROM listener WHERE invocation = ?", (invocation,)
        ).fetchall()
        if rows:
            self._store.write("DELETE FROM listener WHERE invocation = ?", (invocation,))
        return [Listener._make(row) for row in rows]
