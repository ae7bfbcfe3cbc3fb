"""How much waits, in numbers."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["COUNTED_BY_HANDLER", "Backlog", "BacklogReading"]

#: Open invocations that are counted by handler: their rows are read, which takes a disk longer than counting them all.
COUNTED_BY_HANDLER: Final = 100_000


class Backlog(NamedTuple):
    """What a runtime continues with when it starts."""

    #: Invocations that have not ended.
    invocations: int
    #: Those of them that were running when the last process ended: what they wait for is known when they ran again.
    running: int
    #: Awakeables that the other ones wait for.
    awakeables: int
    #: When the next sleep, retry or delayed start is due, in UTC milliseconds; None without any.
    next_timer_ms: int | None
    #: How many of them each handler has, by service and handler: of the first `COUNTED_BY_HANDLER` ones.
    by_handler: Mapping[tuple[str, str], int] = {}


class BacklogReading:
    """Counts what waits at this moment, on a thread: a million takes a second from a disk, and the runtime can start.

    Args:
        path: the runtime's database file.

    Raises:
        sqlite3.Error: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        try:
            # The transaction begins with its first read, and sees the moment of that one.
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT 1 FROM invocation LIMIT 1").fetchall()
        except BaseException:
            self._connection.close()
            raise
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="awaken-backlog")
        self._counted = self._thread.submit(self._count)

    async def result(self) -> Backlog:
        """Return the numbers.

        Raises:
            sqlite3.Error: the file cannot be read.
        """
        return await asyncio.wrap_future(self._counted)

    def close(self) -> None:
        """Stop counting."""
        with contextlib.suppress(sqlite3.ProgrammingError):  # it is closed already
            self._connection.interrupt()
        self._thread.shutdown()

    def _count(self) -> Backlog:
        # As long as the transaction is open, the write-ahead log grows.
        with contextlib.closing(self._connection):
            fetch = self._connection.execute
            ((invocations,),) = fetch("SELECT COUNT(*) FROM invocation WHERE status <> 'completed'")
            ((running,),) = fetch("SELECT COUNT(*) FROM invocation WHERE status = 'invoked'")
            ((awakeables,),) = fetch("SELECT COUNT(*) FROM awakeable")
            ((next_timer_ms,),) = fetch("SELECT MIN(due) FROM timer")
            handlers = fetch(
                "SELECT service, handler, COUNT(*) FROM (SELECT service, handler FROM invocation "
                "WHERE status <> 'completed' LIMIT ?) GROUP BY service, handler",
                (COUNTED_BY_HANDLER,),
            )
            by_handler = {(service, handler): count for service, handler, count in handlers}
            return Backlog(invocations, running, awakeables, next_timer_ms, by_handler)
