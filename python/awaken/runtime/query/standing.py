"""How a runtime stands, in numbers: what is counted on a thread, for those who watch it."""

from __future__ import annotations

import logging
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.query.open_waits import OpenWaits, count_waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from awaken.runtime.processor.open_attempts import Awaited

__all__ = ["Standing", "StandingReader"]

log = logging.getLogger("awaken.runtime")

#: Seconds for which numbers are given again.
_FRESH_SECONDS: Final = 4.0
#: How many times as long as counting takes, nothing is counted after it: it takes at most a thirtieth of a processor.
_REST: Final = 30.0


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers of one moment."""

    #: By status: scheduled, inboxed, invoked, suspended, paused, completed. Completed ones are kept by retention.
    invocations: Mapping[str, int]
    #: By kind: start, sleep, retry.
    timers: Mapping[str, int]
    waits: OpenWaits
    #: Bytes of pages that hold nothing.
    free_size: int
    #: Seconds that counting took.
    took_s: float
    #: When it was counted, in UTC milliseconds.
    at_ms: int


class StandingReader:
    """Counts on a thread, on a connection of its own, and gives the last numbers to everybody who asks.

    Args:
        path: the runtime's database file.
        awaited: returns what open attempts wait for, called on the loop.
        now_ms: the runtime's clock.
    """

    def __init__(
        self,
        path: Path,
        awaited: Callable[[], Sequence[Awaited]],
        now_ms: Callable[[], int],
    ) -> None:
        self._path = path
        self._awaited = awaited
        self._now_ms = now_ms
        self._connection: sqlite3.Connection | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._counting: Future[Standing | None] | None = None
        self._last: Standing | None = None
        self._next_at = 0.0
        self._is_closed = False
        #: Why the last numbers could not be counted; empty if they could.
        self._problem = ""

    @property
    def last(self) -> Standing | None:
        """The last numbers; None until they were counted for the first time."""
        return self._last

    def refresh(self) -> Future[Standing | None] | None:
        """Count anew, unless the numbers are fresh; call this on the loop.

        Returns:
            The counting that runs. It never fails: what cannot be counted is logged, and None.
        """
        if self._counting is not None or self._is_closed or time.monotonic() < self._next_at:
            return self._counting
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="awaken-standing")
        counting = self._thread.submit(self._try_to_count, list(self._awaited()), self._now_ms())
        self._counting = counting
        counting.add_done_callback(self._note_end)
        return counting

    def expire(self) -> None:
        """Count anew when somebody asks next, however fresh the numbers are. For tests."""
        self._next_at = 0.0

    def close(self) -> None:
        """End what runs."""
        self._is_closed = True
        if self._connection is not None:
            self._connection.interrupt()
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)
        if self._connection is not None:
            self._connection.close()

    def _note_end(self, counting: Future[Standing | None]) -> None:
        took_s = 0.0
        if not counting.cancelled() and (counted := counting.result()) is not None:
            self._last = counted
            took_s = counted.took_s
        self._next_at = time.monotonic() + max(_FRESH_SECONDS, took_s * _REST)
        self._counting = None

    def _try_to_count(self, awaited: Sequence[Awaited], now_ms: int) -> Standing | None:
        try:
            standing = self._count(awaited, now_ms)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            if not self._is_closed and problem != self._problem:  # it is asked for every few seconds
                log.warning(
                    "waits and stored invocations cannot be counted in %s: %s; their numbers stay as they were, and "
                    "awaken.standing.age grows",
                    self._path,
                    problem,
                )
            self._problem = problem
            return None
        self._problem = ""
        return standing

    def _count(self, awaited: Sequence[Awaited], now_ms: int) -> Standing:
        began = time.perf_counter()
        if self._connection is None:
            self._connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=ro",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
            # A row with text that is not UTF-8 counts as the others do.
            self._connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        connection = self._connection

        def fetch(statement: str, values: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
            return connection.execute(statement, values)

        connection.execute("BEGIN")
        try:
            invocations = _count_invocations(fetch)
            timers = dict(fetch("SELECT kind, count(*) FROM timer GROUP BY kind"))
            invocations["scheduled"] = timers.get("start", 0)
            invocations["suspended"] = invocations.pop("open") - sum(
                count for status, count in invocations.items() if status != "completed"
            )
            ((free,),) = fetch("PRAGMA freelist_count")
            ((page_size,),) = fetch("PRAGMA page_size")
            waits = count_waits(fetch, awaited, now_ms)
        finally:
            connection.execute("COMMIT")  # as long as it is open, the write-ahead log grows
        took_s = time.perf_counter() - began
        return Standing(
            invocations,
            timers,
            waits,
            free * page_size,
            took_s,
            now_ms,
        )


def _count_invocations(fetch: Callable[[str], Iterable[tuple[Any, ...]]]) -> dict[str, int]:
    """Count by status as far as an index has it: reading every row of a million takes a second."""
    found = {}
    for status, statement in (
        ("open", "SELECT count(*) FROM invocation WHERE status <> 'completed'"),
        ("invoked", "SELECT count(*) FROM invocation WHERE status = 'invoked'"),
        ("paused", "SELECT count(*) FROM invocation WHERE status = 'paused'"),
        # The first of each key holds it.
        (
            "inboxed",
            "SELECT count(*) FROM inbox AS x WHERE invocation IS NOT NULL AND EXISTS (SELECT 1 FROM inbox AS y "
            "WHERE y.service = x.service AND y.key = x.key AND y.seq < x.seq)",
        ),
        ("completed", "SELECT count(*) FROM invocation WHERE completion_expires_at IS NOT NULL"),
    ):
        ((found[status],),) = fetch(statement)
    return found
