"""Writing queries for the admin API, in the SQL that DataFusion and SQLite have in common, and paging through rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from awaken.control.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["equal", "quote_sql", "read_offset", "select"]

#: Digits of the largest offset: SQL has 64 bits for it.
_MOST_DIGITS: Final = 18


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


def equal(columns: Mapping[str, str | None]) -> list[str]:
    """Return a condition for each column that has a wanted value."""
    return [f"{name} = {quote_sql(value)}" for name, value in columns.items() if value is not None]


def read_offset(token: str) -> int:
    """Return the offset that a page begins at; an empty token is the first page.

    Raises:
        InvalidRequestError: the token is not from a page before.
    """
    if token and not (token.isascii() and token.isdigit() and len(token) <= _MOST_DIGITS):
        raise InvalidRequestError(f"{token!r} is not a page token; use the one of the answer before")
    return int(token or 0)
