"""Journals and statuses of invocations, for all who watch.

One question for all of them, and one for each journal that has grown.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from awaken.control import reads
from awaken.control.errors import OperationError
from awaken.control.watching import Poll, Version

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence

    from awaken.control.operations import Operations

__all__ = ["InvocationFeed"]

#: Invocations in one question; their ids make about 8 KB.
_BATCH: Final = 200
#: Journals that are read at the same time.
_JOURNALS: Final = 4


class InvocationFeed:
    """The invocations of a runtime that somebody watches.

    Args:
        operations: the runtime.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._followed: dict[str, _Followed] = {}
        self._poll = Poll(self._look, self._fail)

    async def watch(self, invocation_id: str, interval: float) -> AsyncGenerator[dict[str, Any], None]:
        """Yield rows of the journal from the first on, and of `sys_invocation` for each status, until it has ended.

        Args:
            invocation_id: well-formed.
            interval: seconds between two looks, at most.

        Raises:
            NotFoundError: there is no such invocation, or it is no longer kept.
            OperationError: the runtime does not tell.
        """
        with (
            self._following(invocation_id) as followed,
            self._poll.watched(interval, is_new=not followed.facts),
        ):
            seen, sent, status = 0, 0, ""
            while True:
                seen = await followed.version.after(seen)
                row, entries = followed.row, len(followed.entries)
                while sent < entries:
                    yield followed.entries[sent]
                    sent += 1
                if row["status"] != status:
                    status = row["status"]
                    yield row
                if status == "completed":
                    return

    @contextmanager
    def _following(self, invocation_id: str) -> Iterator[_Followed]:
        followed = self._followed.setdefault(invocation_id, _Followed())
        followed.watchers += 1
        try:
            yield followed
        finally:
            followed.watchers -= 1
            if not followed.watchers:
                del self._followed[invocation_id]

    async def _look(self) -> None:
        names = list(self._followed)
        for start in range(0, len(names), _BATCH):
            await self._look_at(names[start : start + _BATCH])

    async def _look_at(self, names: Sequence[str]) -> None:
        rows = await reads.find_invocations(self._operations, names)
        places = asyncio.Semaphore(_JOURNALS)

        async def update(name: str) -> None:
            async with places:
                await self._update(name, rows.get(name))

        # Each has its own error; one that cannot be read ends no other.
        await asyncio.gather(*map(update, names))

    async def _update(self, name: str, row: dict[str, Any] | None) -> None:
        followed = self._followed.get(name)
        if followed is None:
            return
        if row is None:
            followed.version.fail(reads.no_invocation(name))
            return
        facts = (row["status"], row.get("modified_at"), row.get("journal_size"))
        if facts == followed.facts:
            return
        try:
            # The status was read before: entries that have arrived since belong to the next one.
            followed.entries += await reads.list_entries(self._operations, name, followed.next_index)
        except OperationError as error:
            followed.version.fail(error)
            return
        followed.row, followed.facts = row, facts
        followed.version.grow()

    def _fail(self, error: Exception) -> None:
        for followed in self._followed.values():
            followed.version.fail(error)


class _Followed:
    """One invocation, and how many watch it."""

    def __init__(self) -> None:
        self.watchers = 0
        self.version = Version()
        self.row: dict[str, Any] = {}
        self.facts: tuple[Any, ...] = ()
        self.entries: list[dict[str, Any]] = []

    @property
    def next_index(self) -> int:
        """The index of the first entry that is not known."""
        return self.entries[-1]["index"] + 1 if self.entries else 0
