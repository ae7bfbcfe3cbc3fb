"""The table of awakeables that handlers asked for and that have no result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.runtime.store import Store
    from awaken.runtime.tables.fresh import FreshInvocations

__all__ = ["Awakeables"]


class Awakeables:
    """The signals that invocations wait for, and since when. An invocation is given by the number of its row.

    An awakeable that its handler stops waiting for keeps its time, for when the handler awaits it again.
    """

    def __init__(self, store: Store, fresh: FreshInvocations) -> None:
        self._store = store
        self._fresh = fresh

    def set_awaited(self, invocation: int, signals: Sequence[int]) -> None:
        """Note that the invocation waits only for these awakeables."""
        if not self._may_have(invocation):
            return
        self._store.write(
            "UPDATE awakeable SET is_awaited = 0 WHERE invocation = ? AND is_awaited = 1 "
            "AND signal NOT IN (SELECT value FROM json_each(?))",
            (invocation, json.dumps(signals)),
        )

    def add(self, invocation: int, asked_ms: Mapping[int, int]) -> None:
        """Note that the invocation waits for these awakeables, each with the time when its handler asked for it.

        Those that have a result are left out, and those that are known keep their time.
        """
        if not asked_ms:
            return
        if (fresh := self._fresh.get(invocation)) is not None:
            fresh.has_awakeables = True
        self._store.write_many(
            "INSERT INTO awakeable (invocation, signal, since) SELECT ?1, ?2, ?3 "
            "WHERE NOT EXISTS (SELECT 1 FROM journal WHERE invocation = ?1 AND signal = ?2) "
            "ON CONFLICT (invocation, signal) DO UPDATE SET is_awaited = 1",
            [(invocation, signal, since_ms) for signal, since_ms in asked_ms.items()],
        )

    def remove(self, invocation: int, signal: int) -> None:
        """Remove one awakeable, because its result has come."""
        if not self._may_have(invocation):
            return
        self._store.write("DELETE FROM awakeable WHERE invocation = ? AND signal = ?", (invocation, signal))

    def remove_all(self, invocation: int) -> None:
        """Remove all awakeables of an invocation."""
        if self._may_have(invocation):
            self._store.write("DELETE FROM awakeable WHERE invocation = ?", (invocation,))

    def _may_have(self, invocation: int) -> bool:
        fresh = self._fresh.get(invocation)
        return fresh is None or fresh.has_awakeables
