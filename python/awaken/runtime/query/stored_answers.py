"""Results of awakeables in the journals of the store, by their age."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from awaken.control.errors import InvalidRequestError
from awaken.control.operations import StoredAnswer, StoredAnswerPage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from awaken.runtime.query.awakeables import Filter

    Fetch = Callable[[str, tuple[Any, ...]], Iterable[tuple[Any, ...]]]

__all__ = ["list_stored_answers"]

_POSITION: Final = re.compile(r"(-?[0-9]{1,18})\.(-?[0-9]{1,18})\.(-?[0-9]{1,18})", re.ASCII)
#: The highest integer of SQLite.
_HIGHEST: Final = 2**63 - 1


def list_stored_answers(fetch: Fetch, wanted: Filter, limit: int, after: str | None) -> StoredAnswerPage:
    """List results of awakeables, newest first.

    Args:
        fetch: reads the store.
        wanted: which ones to list.
        limit: the size of the page.
        after: `next` of the page before.

    Raises:
        InvalidRequestError: `after` is not from a page before.
    """
    conditions, values = wanted.conditions()
    rows = list(
        fetch(
            "SELECT i.id, j.idx, j.signal, j.appended_at, coalesce(length(p.bytes), length(j.payload)), j.invocation "  # noqa: S608 - of this file
            "FROM journal AS j INDEXED BY journal_answers_by_age CROSS JOIN invocation AS i ON i.seq = j.invocation "
            "LEFT JOIN payload AS p ON p.id = j.payload_id "
            f"WHERE j.signal >= 17 AND (j.appended_at, j.invocation, j.idx) < (?, ?, ?){conditions} "
            "ORDER BY j.appended_at DESC, j.invocation DESC, j.idx DESC LIMIT ?",
            (*_read_position(after), *values, limit + 1),
        )
    )
    page = rows[:limit]
    token = f"{page[-1][3]}.{page[-1][5]}.{page[-1][1]}" if len(rows) > limit and page else None
    return StoredAnswerPage(tuple(StoredAnswer(*row[:5]) for row in page), token)


def _read_position(after: str | None) -> tuple[int, int, int]:
    if after is None:
        return (_HIGHEST, _HIGHEST, _HIGHEST)
    match = _POSITION.fullmatch(after)
    if match is None:
        raise InvalidRequestError(f"{after[:100]!r} is not a page token; use the one of the answer before")
    at_ms, invocation, index = map(int, match.groups())
    return (at_ms, invocation, index)
