"""The queue of each key: exclusive invocations and edits of state, one at a time in the order of arrival."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.runtime.clock import Clock
    from awaken.runtime.store import Store

__all__ = ["Inbox", "StateEdit"]


@dataclass(frozen=True, slots=True)
class StateEdit:
    """A whole new state of a key, and the version of the state that it replaces; None stands for any."""

    state: dict[str, bytes]
    version: str | None

    def encode(self) -> bytes:
        """Return its form in the table."""
        state = {name: value.hex() for name, value in self.state.items()}
        return json.dumps({"state": state, "version": self.version}).encode()

    @classmethod
    def decode(cls, stored: bytes) -> StateEdit:
        """Read what `encode` wrote."""
        document = json.loads(stored)
        state = {name: bytes.fromhex(value) for name, value in document["state"].items()}
        return cls(state, document["version"])


class Inbox:
    """The first row of a key holds it; the others wait."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

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

    def remove(self, service: str, key: str, invocation: int) -> bool:
        """Remove an invocation. Returns whether it held the key."""
        head = self._head(service, key)
        self._store.write("DELETE FROM inbox WHERE invocation = ?", (invocation,))
        return head is not None and head[1] == invocation

    def holder(self, service: str, key: str) -> int | None:
        """Return the invocation that holds the key."""
        head = self._head(service, key)
        return None if head is None else head[1]

    def add_edit(self, service: str, key: str, state: Mapping[str, bytes], version: str | None) -> None:
        """Append an edit of the state to the queue."""
        self._store.write(
            "INSERT INTO inbox (service, key, edited_state, created_at) VALUES (?, ?, ?, ?)",
            (service, key, StateEdit(dict(state), version).encode(), self._clock.now_ms()),
        )

    def take_edit(self, service: str, key: str) -> StateEdit | None:
        """Remove the first row of a key if it is an edit, and return it."""
        head = self._head(service, key)
        if head is None or head[2] is None:
            return None
        self._store.write("DELETE FROM inbox WHERE seq = ?", (head[0],))
        return StateEdit.decode(head[2])

    def last_edit(self, service: str, key: str) -> StateEdit | None:
        """Return the edit of a key that waits and is the last one."""
        row = self._store.fetch(
            "SELECT edited_state FROM inbox WHERE service = ? AND key = ? AND edited_state IS NOT NULL "
            "ORDER BY seq DESC LIMIT 1",
            (service, key),
        ).fetchone()
        return None if row is None else StateEdit.decode(row[0])

    def _head(self, service: str, key: str) -> tuple[int, int | None, bytes | None] | None:
        row: tuple[int, int | None, bytes | None] | None = self._store.fetch(
            "SELECT seq, invocation, edited_state FROM inbox WHERE service = ? AND key = ? ORDER BY seq LIMIT 1",
            (service, key),
        ).fetchone()
        return row
