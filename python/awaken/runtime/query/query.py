"""Reading the store beside the runtime: SQL queries, and pending awakeables.

What the runtime's own interfaces read has threads of its own, and what people ask has processes: no list, page or
stream waits for a question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.query.connection import Connection
from awaken.runtime.query.limits import TIMEOUT_SECONDS
from awaken.runtime.query.questions import Questions, all_committed
from awaken.runtime.query.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from awaken.control.operations import AwakeablePage, StoredAnswerPage
    from awaken.runtime.processor.open_attempts import Awaited
    from awaken.runtime.query.awakeables import Filter
    from awaken.runtime.query.snapshot import Snapshot

__all__ = ["Query"]

#: Reads of the runtime's own interfaces at the same time; their queries are short and use an index.
_OWN_THREADS: Final = 2


class Query:
    """Answers queries about a runtime.

    Args:
        path: its database file, which exists.
        snapshot: returns what only its memory knows.
        committed: waits until everything is committed that it has written.
        timeout_s: seconds that one query may take.
    """

    def __init__(
        self,
        path: Path,
        snapshot: Callable[[], Snapshot],
        *,
        committed: Callable[[], Awaitable[None]] = all_committed,
        timeout_s: float = TIMEOUT_SECONDS,
    ) -> None:
        self._own_readers = Readers(path, _OWN_THREADS, timeout_s)
        self._snapshot = snapshot
        self._committed = committed
        #: For questions that people wrote.
        self.questions = Questions(path, snapshot, committed=committed, timeout_s=timeout_s)

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query of the runtime's own interfaces. Raises QueryError."""
        await self._committed()
        return await self._own_readers.run(Connection.ask, sql, self._snapshot())

    async def awakeables(
        self, awaited: Sequence[Awaited], wanted: Filter, limit: int, after: str | None
    ) -> AwakeablePage:
        """List pending awakeables; see `list_awakeables`. Raises InvalidRequestError."""
        return await self._own_readers.run(Connection.list_awakeables, awaited, wanted, limit, after)

    async def count_awakeables(self, awaited: Sequence[Awaited], most: int) -> int:
        """Count pending awakeables; see `count_awakeables` of the module."""
        return await self._own_readers.run(Connection.count_awakeables, awaited, most)

    async def stored_answers(self, wanted: Filter, limit: int, after: str | None) -> StoredAnswerPage:
        """List results of awakeables; see `list_stored_answers`. Raises InvalidRequestError."""
        return await self._own_readers.run(Connection.list_stored_answers, wanted, limit, after)

    def close(self) -> None:
        """End running queries, and close."""
        self._own_readers.interrupt()
        self.questions.close()
        self._own_readers.close()
