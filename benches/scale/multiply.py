"""Makes a large file from a small one: copies what the runtime wrote for one invocation, row by row.

Sending a million requests takes an hour, copying a minute. A copy has every value of the original but three: the id of
the invocation, which is drawn anew, the numbers of rows, and times. The copies look as though they had been sent one
after the other, a millisecond apart, before the original. Payloads are copied byte for byte: the time in the payload of
a Sleep command stays the original's, and the timer that the runtime goes by is shifted.
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Final

from awaken import _core

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["multiply"]

#: Tables with rows of an invocation, beside its own.
_PARTS: Final = ("journal", "awakeable", "timer", "journal_event", "inbox", "listener", "promise_waiter")
_BATCH: Final = 20_000
_TIMES: Final = ("since", "due")


def multiply(
    path: Path, invocation_id: str, count: int, *, on_progress: Callable[[int], None] = lambda _: None
) -> None:
    """Add copies of an invocation to the database of a runtime that does not run.

    Args:
        path: the database.
        invocation_id: of an invocation without a key.
        count: how many copies.
        on_progress: called with the number of copies that have been added since the last call.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -1000000")
        seq, service, key = connection.execute(
            "SELECT seq, service, key FROM invocation WHERE id = ?", (invocation_id,)
        ).fetchone()
        if key is not None:
            raise ValueError(f"{invocation_id} has the key {key!r}, and a key has one invocation at a time")
        connection.create_function(
            "new_id", 0, lambda: _core.random_invocation_id(os.urandom(24), service, key=None)
        )
        (last,) = connection.execute("SELECT max(seq) FROM invocation").fetchone()
        statements = [_copying(connection, "invocation", "seq", {"id": "new_id()"})]
        statements += [_copying(connection, table, "invocation", {}) for table in _PARTS]
        for first in range(0, count, _BATCH):
            size = min(_BATCH, count - first)
            values = {"original": seq, "last": last, "first": first + 1, "end": first + size, "count": count}
            connection.execute("BEGIN")
            for statement in statements:
                connection.execute(statement, values)
            connection.execute("COMMIT")
            on_progress(size)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _copying(connection: sqlite3.Connection, table: str, owner: str, values: Mapping[str, str]) -> str:
    """Return the statement that copies the rows of one table; `owner` is the column with the invocation's number."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    if owner != "seq":
        columns = [column for column in columns if column != "seq"]  # which the table counts by itself
    copied = []
    for column in columns:
        if column == owner:
            copied.append(":last + n")
        elif column in _TIMES or column.endswith("_at"):
            copied.append(f"{column} - (:count - n)")
        else:
            copied.append(values.get(column, column))
    return (
        "WITH numbers (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :end) "
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(copied)} "
        f"FROM numbers CROSS JOIN {table} WHERE {owner} = :original"
    )
