"""Questions that people ask in SQL: some at a time, each in a process that is killed at its limits.

The processes start with the first question and end when none has come for a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from awaken.control.errors import UnavailableError
from awaken.runtime.errors import RuntimeClosedError
from awaken.runtime.query import limits
from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.question_process import ProcessEndedError, QuestionProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from awaken.runtime.query.snapshot import Snapshot

__all__ = ["Questions", "all_committed"]

log = logging.getLogger("awaken.runtime")


async def all_committed() -> None:
    """Wait for nothing: the runtime does not write."""


class Questions:
    """Answers questions in SQL. To be used on one event loop.

    Args:
        path: the runtime's database file, which exists.
        snapshot: returns what only the runtime's memory knows.
        committed: waits until everything is committed that the runtime has written.
        timeout_s: seconds that one question may take.
        idle_s: seconds after the last question in which processes are kept.
    """

    def __init__(
        self,
        path: Path,
        snapshot: Callable[[], Snapshot],
        *,
        committed: Callable[[], Awaitable[None]] = all_committed,
        timeout_s: float = limits.TIMEOUT_SECONDS,
        idle_s: float = limits.IDLE_SECONDS,
    ) -> None:
        self._path = path
        self._snapshot = snapshot
        self._committed = committed
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        # Each waits for one process, and does nothing else.
        self._threads = ThreadPoolExecutor(limits.PROCESSES, thread_name_prefix="awaken-question")
        self._free = asyncio.Semaphore(limits.PROCESSES)
        self._waiting = 0
        self._untaken_size = 0
        self._idle: list[QuestionProcess] = []
        self._all: set[QuestionProcess] = set()
        self._retirement: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def answer(self, sql: str, *, is_arrow: bool = False) -> bytes | bytearray:
        """Return the rows that answer a question.

        Args:
            sql: the question.
            is_arrow: whether to return an Arrow IPC stream. A JSON array is returned otherwise; columns without a value
                are left out of its objects.

        Raises:
            QueryError: it is not a query, names something that does not exist, or takes too much.
            UnavailableError: too many are being answered, or the runtime is stopping.
        """
        try:
            sql.encode()
        except UnicodeEncodeError as error:
            raise QueryError(str(error), is_misread=True) from error
        async with self._turn():
            rows = await self._run(sql, is_arrow)
        if self._untaken_size + len(rows) > limits.UNTAKEN_SIZE:
            raise UnavailableError(
                f"{self._untaken_size >> 20} MiB of answers wait for their clients; take those, or ask later"
            )
        return rows

    @contextlib.contextmanager
    def untaken(self, size: int) -> Iterator[None]:
        """Count an answer of `size` bytes until its client has taken it."""
        self._untaken_size += size
        try:
            yield
        finally:
            self._untaken_size -= size

    @property
    def processes(self) -> tuple[int, ...]:
        """Ids of the processes that there are."""
        return tuple(process.pid for process in self._all)

    def close(self) -> None:
        """End questions that are being answered at once, and accept no more."""
        self._is_closed = True
        if self._retirement is not None:
            self._retirement.cancel()
        for process in list(self._all):
            process.kill()
        self._threads.shutdown(cancel_futures=True)
        for process in list(self._all):
            self._end(process)
        self._idle.clear()

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        self._check_open()
        if self._waiting >= limits.WAITING:
            raise UnavailableError(
                f"{limits.PROCESSES} questions are being answered and {self._waiting} wait; ask again later"
            )
        self._waiting += 1
        try:
            async with asyncio.timeout(limits.WAITING_SECONDS):
                await self._free.acquire()
        except TimeoutError as error:
            raise UnavailableError(
                f"the question waited {limits.WAITING_SECONDS:g} s for others to be answered; ask again later"
            ) from error
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()
            self._plan_retirement()

    async def _run(self, sql: str, is_arrow: bool) -> bytearray:
        await self._committed()
        self._check_open()
        asked: list[QuestionProcess] = []
        is_left = threading.Event()
        loop = asyncio.get_running_loop()
        try:
            snapshot = self._snapshot()
            return await loop.run_in_executor(
                self._threads, self._ask, sql, is_arrow, snapshot, asked, is_left
            )
        except asyncio.CancelledError:  # nobody waits for the answer any more
            is_left.set()
            for process in asked:
                process.kill()
            raise

    def _check_open(self) -> None:
        if self._is_closed:
            raise RuntimeClosedError("the runtime is stopping; ask again after its next start")

    def _plan_retirement(self) -> None:
        if self._retirement is not None:
            self._retirement.cancel()
        if not self._is_closed:
            loop = asyncio.get_running_loop()
            self._retirement = loop.call_later(self._idle_s, self._retire)

    def _retire(self) -> None:
        self._retirement = None
        while self._idle:
            self._threads.submit(self._end, self._idle.pop())

    # On a thread.

    def _ask(
        self,
        sql: str,
        is_arrow: bool,
        snapshot: Snapshot,
        asked: list[QuestionProcess],
        is_left: threading.Event,
    ) -> bytearray:
        process = self._take_process()
        asked.append(process)
        if is_left.is_set():  # while the process was started, so that it was not among those that were killed
            process.kill()
        try:
            answer, rows = process.ask(sql, snapshot, self._timeout_s, is_arrow=is_arrow)
        except TimeoutError as error:
            self._end(process)
            raise QueryError(
                f"the question took longer than {self._timeout_s:g} s; add conditions or a LIMIT",
                is_limited=True,
            ) from error
        except ProcessEndedError as error:
            self._end(process)
            self._check_open()
            raise QueryError(
                f"the process that answers questions ended {error}; the question may need more than "
                f"{limits.MEMORY_SIZE >> 20} MiB of memory: add conditions or a LIMIT, or select fewer columns",
                is_limited=True,
            ) from error
        except BaseException:
            self._end(process)
            raise
        self._idle.append(process)
        for note in answer.notes:
            log.warning("%s", note)
        if answer.error is not None:
            raise QueryError(answer.error, is_misread=answer.is_misread, is_limited=answer.is_limited)
        return rows

    def _take_process(self) -> QuestionProcess:
        with contextlib.suppress(IndexError):
            while True:
                process = self._idle.pop()
                if process.is_alive:
                    return process
                self._end(process)
        try:
            process = QuestionProcess(self._path)
        except OSError as error:
            raise UnavailableError(f"no process can be started that answers questions: {error}") from error
        self._all.add(process)
        if self._is_closed:  # `close` may not have seen it
            process.kill()
        return process

    def _end(self, process: QuestionProcess) -> None:
        process.close()
        self._all.discard(process)
