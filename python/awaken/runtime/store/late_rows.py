"""Rows that are written together: right before the next other statement, or with the commit.

Many statements of the same kind cost less as one call with many rows, and what is changed before it was written is
written once. Nobody sees the difference: before anything is read, rows are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["LateRows", "LateTable"]


class LateTable(Protocol):
    """Knows how rows of one kind are written. They must not depend on late rows of other kinds."""

    def statements(self, rows: Sequence[Any]) -> Iterator[tuple[str, Sequence[Sequence[Any]]]]:
        """Yield statements, each with the values of all its executions, that have the effect of rows in their order."""
        ...


class LateRows:
    """Rows in the order they were added. A position among them stays valid when those before it are written."""

    __slots__ = ("_rows", "_written")

    def __init__(self) -> None:
        self._rows: list[tuple[LateTable, Any]] = []
        self._written = 0

    def __bool__(self) -> bool:
        return bool(self._rows)

    @property
    def end(self) -> int:
        """The position behind the last row."""
        return self._written + len(self._rows)

    def add(self, table: LateTable, row: Any) -> None:
        """Add a row."""
        self._rows.append((table, row))

    def cut(self, position: int) -> None:
        """Forget the rows from a position on that are not written."""
        del self._rows[max(position - self._written, 0) :]

    def take(self, position: int) -> list[tuple[str, Sequence[Sequence[Any]]]]:
        """Remove the rows before a position, and return what writes them."""
        count = position - self._written
        taken, self._rows = self._rows[:count], self._rows[count:]
        self._written = position
        by_table: dict[LateTable, list[Any]] = {}
        for table, row in taken:
            by_table.setdefault(table, []).append(row)
        return [statement for table, rows in by_table.items() for statement in table.statements(rows)]
