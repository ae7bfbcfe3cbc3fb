"""Reading the store on separate threads and connections: SQL queries, and pending awakeables."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

from awaken.runtime.query.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from awaken.control.operations import AwakeablePage
    from awaken.runtime.processor.open_attempts import Awaited
    from awaken.runtime.query.awakeables import Filter
    from awaken.runtime.query.snapshot import Snapshot

__all__ = ["Query"]

P = ParamSpec("P")
T = TypeVar("T")

#: Queries that run at the same time.
_THREADS: Final = 2
_TIMEOUT_SECONDS: Final = 30.0


class Query:
    """Answers queries about a runtime.

    Args:
        path: its database file, which exists.
        snapshot: returns what only its memory knows.
        timeout_s: seconds that one query may take.
    """

    def __init__(
        self, path: Path, snapshot: Callable[[], Snapshot], *, timeout_s: float = _TIMEOUT_SECONDS
    ) -> None:
        self._path = path
        self._snapshot = snapshot
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="awaken-query")
        self._idle: list[Connection] = []
        self._all: list[Connection] = []

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query. Raises QueryError."""
        return await self._run(Connection.ask, sql, self._snapshot())

    async def awakeables(
        self, awaited: Sequence[Awaited], wanted: Filter, limit: int, after: str | None
    ) -> AwakeablePage:
        """List pending awakeables; see `list_awakeables`. Raises InvalidRequestError."""
        return await self._run(Connection.list_awakeables, awaited, wanted, limit, after)

    def close(self) -> None:
        """End running queries, and close."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for connection in list(self._all):
            connection.interrupt()
        self._threads.shutdown()
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._idle.clear()

    async def _run(
        self, work: Callable[Concatenate[Connection, P], T], *values: P.args, **named: P.kwargs
    ) -> T:
        def run() -> T:
            with self._connection() as connection:
                return work(connection, *values, **named)

        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = Connection(self._path, timeout_s=self._timeout_s)
            self._all.append(connection)
        try:
            yield connection
        finally:
            self._idle.append(connection)
