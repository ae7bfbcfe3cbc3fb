"""The queue of each key: exclusive invocations and edits of state, one at a time in the order of arrival."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.runtime.clock import Clock
    from awaken.runtime.store import Store
    from awaken.runtime.tables.state import KeyedState

__all__ = ["Inbox"]


class Inbox:
    """The first row of a key holds it; the others wait."""

    def __init__(self, store: Store, clock: Clock, state: KeyedState) -> None:
        self._store = store
        self._clock = clock
        self._state = state

    def is_taken(self, service: str, key: str) -> bool:
        """Whether the key is held."""
        return (
            self._store.fetch(
                "SELECT 1 FROM inbox WHERE service = ? AND key = ? LIMIT 1", (service, key)
            ).fetchone()
            is not None
        )

    def add(self, service: str, key: str, invocation: int) -> None:
        """Append an invocation to the queue."""
        self._store.write(
            "INSERT INTO inbox (service, key, invocation, created_at) VALUES (?, ?, ?, ?)",
            (service, key, invocation, self._clock.now_ms()),
        )

    def edit(self, service: str, key: str, state: Mapping[str, bytes], version: str | None) -> None:
        """Replace the state of a key when its turn comes, which is at once if the key is free."""
        if not self.is_taken(service, key):
            self._state.replace(service, key, state, version)
            return
        edit = {"state": {name: value.hex() for name, value in state.items()}, "version": version}
        self._store.write(
            "INSERT INTO inbox (service, key, edited_state, created_at) VALUES (?, ?, ?, ?)",
            (service, key, json.dumps(edit).encode(), self._clock.now_ms()),
        )

    def remove(self, service: str, key: str, invocation: int) -> int | None:
        """Remove an invocation, and return the one that holds the key now if it did not before."""
        head = self._head(service, key)
        self._store.write("DELETE FROM inbox WHERE invocation = ?", (invocation,))
        if head is None or head[1] != invocation:
            return None
        while (head := self._head(service, key)) is not None:
            seq, following, edited_state = head
            if following is not None:
                return following
            edit = json.loads(edited_state or b"")
            state = {name: bytes.fromhex(value) for name, value in edit["state"].items()}
            self._state.replace(service, key, state, edit["version"])
            self._store.write("DELETE FROM inbox WHERE seq = ?", (seq,))
        return None

    def _head(self, service: str, key: str) -> tuple[int, int | None, bytes | None] | None:
        row: tuple[int, int | None, bytes | None] | None = self._store.fetch(
            "SELECT seq, invocation, edited_state FROM inbox WHERE service = ? AND key = ? ORDER BY seq LIMIT 1",
            (service, key),
        ).fetchone()
        return row
