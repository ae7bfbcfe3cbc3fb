"""Writing queries for the admin API, in the SQL that DataFusion and SQLite have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["quote_sql", "select"]


def select(
    columns: Sequence[str],
    table: str,
    conditions: Sequence[str] = (),
    *,
    order: str,
    limit: int | None = None,
    offset: int = 0,
) -> str:
    """Return a query. Literals in conditions must come from `quote_sql`."""
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    end = ("" if limit is None else f" LIMIT {limit}") + (f" OFFSET {offset}" if offset else "")
    return f"SELECT {', '.join(columns)} FROM {table}{where} ORDER BY {order}{end}"  # noqa: S608 -- see above


def quote_sql(text: str) -> str:
    """Return text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
