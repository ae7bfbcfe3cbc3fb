"""Reading the store beside the runtime: SQL queries, and pending awakeables.

Questions that people ask, of any length, and what the runtime's own interfaces read have threads of their own: a
question may take as long as it is allowed to, and no list, page or stream waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.query.connection import Connection
from awaken.runtime.query.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from awaken.control.operations import AwakeablePage
    from awaken.runtime.processor.open_attempts import Awaited
    from awaken.runtime.query.awakeables import Filter
    from awaken.runtime.query.snapshot import Snapshot

__all__ = ["Query", "Questions"]

#: Questions of people that are answered at the same time.
_QUESTION_THREADS: Final = 2
#: Reads of the runtime's own interfaces at the same time; their queries are short and use an index.
_OWN_THREADS: Final = 2
_TIMEOUT_SECONDS: Final = 30.0


class Questions:
    """Answers questions in SQL.

    Args:
        readers: the threads to do it on.
        snapshot: returns what only the runtime's memory knows.
    """

    def __init__(self, readers: Readers, snapshot: Callable[[], Snapshot]) -> None:
        self._readers = readers
        self._snapshot = snapshot

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query. Raises QueryError."""
        return await self._readers.run(Connection.ask, sql, self._snapshot())


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
        self._own_readers = Readers(path, _OWN_THREADS, timeout_s)
        self._question_readers = Readers(path, _QUESTION_THREADS, timeout_s)
        self._own = Questions(self._own_readers, snapshot)
        #: For questions that people wrote.
        self.questions = Questions(self._question_readers, snapshot)

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query of the runtime's own interfaces. Raises QueryError."""
        return await self._own.ask(sql)

    async def awakeables(
        self, awaited: Sequence[Awaited], wanted: Filter, limit: int, after: str | None
    ) -> AwakeablePage:
        """List pending awakeables; see `list_awakeables`. Raises InvalidRequestError."""
        return await self._own_readers.run(Connection.list_awakeables, awaited, wanted, limit, after)

    def close(self) -> None:
        """End running queries, and close."""
        readers = (self._own_readers, self._question_readers)
        for one in readers:
            one.interrupt()
        for one in readers:
            one.close()
