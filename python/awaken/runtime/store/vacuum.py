"""Gives free pages back to the disk, a few at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

__all__ = ["give_back", "surplus_pages"]

#: Free pages that stay in the file for what is written next: 4 MiB, or a quarter of the file.
_SPARE_PAGES: Final = 1024
_SPARE_PART: Final = 4
#: Pages given back in one turn, which takes a few milliseconds.
_PAGES_PER_TURN: Final = 250


def surplus_pages(connection: sqlite3.Connection) -> int:
    """Return how many pages are free and not kept for what is written next. Raises sqlite3.Error."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (total,) = connection.execute("PRAGMA page_count").fetchone()
    surplus: int = free - max(_SPARE_PAGES, total // _SPARE_PART)
    return max(0, surplus)


def give_back(connection: sqlite3.Connection, surplus: int) -> bool:
    """Give some of these pages back, in a transaction of its own, and return whether there are more.

    Raises sqlite3.Error.
    """
    # As a script, since `execute` stops at the first page.
    connection.executescript(f"PRAGMA incremental_vacuum({min(surplus, _PAGES_PER_TURN)})")
    return surplus > _PAGES_PER_TURN
