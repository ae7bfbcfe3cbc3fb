"""Threads that read the store, each on a connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

from awaken.runtime.errors import RuntimeClosedError
from awaken.runtime.query.connection import Connection
from awaken.runtime.query.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Readers"]

P = ParamSpec("P")
T = TypeVar("T")

_STOPPING: Final = "the runtime is stopping; ask again after its next start"


class Readers:
    """Some threads. Work that finds all of them busy waits for the first that is free.

    Args:
        path: the runtime's database file.
        threads: how many.
        timeout_s: seconds that one piece of work may take.
    """

    def __init__(self, path: Path, threads: int, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="awaken-query")
        self._is_closed = False
        self._idle: list[Connection] = []
        self._all: list[Connection] = []

    async def run(
        self, work: Callable[Concatenate[Connection, P], T], *values: P.args, **named: P.kwargs
    ) -> T:
        """Do work with a connection, on a thread. Raises RuntimeClosedError after `interrupt`, also if it had begun."""
        if self._is_closed:
            raise RuntimeClosedError(_STOPPING)

        def run() -> T:
            with self._connection() as connection:
                return work(connection, *values, **named)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if (
                self._is_closed and task is not None and not task.cancelling()
            ):  # it was `interrupt`, not the caller
                raise RuntimeClosedError(_STOPPING) from None
            raise
        except QueryError as error:
            if self._is_closed:  # SQLite does not always say that it was interrupted
                raise RuntimeClosedError(_STOPPING) from error
            raise

    def interrupt(self) -> None:
        """End what runs, and accept nothing more."""
        self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for connection in list(self._all):
            connection.interrupt()

    def close(self) -> None:
        """Wait for the threads, and close the connections."""
        self._threads.shutdown()
        for connection in self._all:
            connection.close()
        self._all.clear()
        self._idle.clear()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = Connection(self._path, timeout_s=self._timeout_s)
            self._all.append(connection)
            if self._is_closed:
                connection.interrupt()
        try:
            yield connection
        finally:
            self._idle.append(connection)
