"""How much waits, in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

__all__ = ["Backlog", "read_backlog"]


class Backlog(NamedTuple):
    """What a runtime continues with when it starts."""

    #: Invocations that have not ended.
    invocations: int
    #: Awakeables that handlers wait for.
    awakeables: int
    #: When the next sleep, retry or delayed start is due, in UTC milliseconds; None without any.
    next_timer_ms: int | None


def read_backlog(fetch: Callable[[str], sqlite3.Cursor]) -> Backlog:
    """Count what waits, each number by an index.

    Args:
        fetch: queries the runtime's tables.
    """
    ((invocations,),) = fetch("SELECT COUNT(*) FROM invocation WHERE status <> 'completed'")
    ((awakeables,),) = fetch("SELECT COUNT(*) FROM awakeable")
    ((next_timer_ms,),) = fetch("SELECT MIN(due) FROM timer")
    return Backlog(invocations, awakeables, next_timer_ms)
