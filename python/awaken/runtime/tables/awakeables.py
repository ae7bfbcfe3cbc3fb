"""The table of awakeables that suspended invocations wait for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.runtime.store import Store

__all__ = ["Awakeables"]


class Awakeables:
    """Which signals a suspended invocation waits for, and since when. An invocation is given by its row."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, invocation: int, signal: int, since_ms: int) -> None:
        """Add an awakeable; one that is there already keeps its time."""
        self._store.write(
            "INSERT OR IGNORE INTO awakeable (invocation, signal, since) VALUES (?, ?, ?)",
            (invocation, signal, since_ms),
        )

    def remove(self, invocation: int, signal: int) -> None:
        """Remove one awakeable, because its result has come."""
        self._store.write("DELETE FROM awakeable WHERE invocation = ? AND signal = ?", (invocation, signal))

    def keep_only(self, invocation: int, signals: Sequence[int]) -> None:
        """Remove the awakeables of an invocation that are not among these signals."""
        self._store.write(
            "DELETE FROM awakeable WHERE invocation = ? AND signal NOT IN (SELECT value FROM json_each(?))",
            (invocation, json.dumps(signals)),
        )

    def remove_all(self, invocation: int) -> None:
        """Remove all awakeables of an invocation."""
        self._store.write("DELETE FROM awakeable WHERE invocation = ?", (invocation,))
