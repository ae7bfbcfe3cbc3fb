"""The state of objects and workflows. A write takes effect when its command is stored, not when the handler ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.runtime.schema import HandlerSchema
    from awaken.runtime.store import Store

__all__ = ["KeyedState"]


class KeyedState:
    """Values by service, key and name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, service: str, key: str, name: str) -> bytes | None:
        """Return a value, None if there is none."""
        row = self._store.fetch(
            "SELECT value FROM state WHERE service = ? AND key = ? AND name = ?", (service, key, name)
        ).fetchone()
        return None if row is None else row[0]

    def names(self, service: str, key: str) -> list[str]:
        """Return all names, sorted."""
        rows = self._store.fetch(
            "SELECT name FROM state WHERE service = ? AND key = ? ORDER BY name", (service, key)
        ).fetchall()
        return [row[0] for row in rows]

    def items(self, service: str, key: str) -> list[tuple[str, bytes]]:
        """Return names and values, sorted by name."""
        rows: list[Any] = self._store.fetch(
            "SELECT name, value FROM state WHERE service = ? AND key = ? ORDER BY name", (service, key)
        ).fetchall()
        return rows

    def eager(self, handler: HandlerSchema, key: str, limit: int) -> tuple[list[tuple[str, bytes]], bool]:
        """Return the state that is sent with the input of a handler, and whether there may be more."""
        if handler.is_state_lazy:
            wanted = [
                (name, self.get(handler.service, key, name)) for name in sorted(handler.eager_state_keys)
            ]
            return [(name, value) for name, value in wanted if value is not None], True
        items = self.items(handler.service, key)
        size = 0
        for index, (name, value) in enumerate(items):
            size += len(name) + len(value)
            if size > limit:
                return items[:index], True
        return items, False

    def set(self, service: str, key: str, name: str, value: bytes) -> None:
        """Set a value."""
        self._store.write(
            "INSERT INTO state (service, key, name, value) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (service, key, name) DO UPDATE SET value = excluded.value",
            (service, key, name, value),
        )

    def clear(self, service: str, key: str, name: str) -> None:
        """Remove a value."""
        self._store.write(
            "DELETE FROM state WHERE service = ? AND key = ? AND name = ?", (service, key, name)
        )

    def clear_all(self, service: str, key: str) -> None:
        """Remove all values of a key."""
        self._store.write("DELETE FROM state WHERE service = ? AND key = ?", (service, key))

    def replace(self, service: str, key: str, state: Mapping[str, bytes]) -> None:
        """Replace all values of a key."""
        self.clear_all(service, key)
        for name, value in state.items():
            self.set(service, key, name, value)
