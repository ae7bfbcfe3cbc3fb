"""What open pages hear of: that what they show has changed, and what the navigation counts. As server-sent events.

A runtime has no feed of changes, so one task looks once a second, however many pages are open, and rests longer after a
look that took long. It ends with the last page. A page asks for itself again when it hears of a change: nothing of a
question is in an event.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from awaken.control.errors import OperationError
from awaken.control.watching import Poll, Version

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from awaken.control.operations import Operations

__all__ = ["Counts", "LiveUpdates", "TooManyStreamsError"]

#: Pages that are told of changes at the same time. A browser closes the stream of a page that nobody sees.
MOST_STREAMS: Final = 200
#: Seconds between two looks, at most, unless they take long.
INTERVAL_SECONDS: Final = 1.0
#: Seconds without a change after which a stream shows that it is there: proxies cut silent ones after a minute.
HEARTBEAT_SECONDS: Final = 15.0
#: Awakeables that are counted and watched one by one; of more, the navigation says "200+". A Restate server needs half
#: a second to describe a thousand.
MOST_COUNTED: Final = 200
#: Seconds for which counts are good enough for the navigation of a page, and that a page waits for newer ones.
_FRESH_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 0.05
_RETRY: Final = b"retry: 3000\n\n"
_STATUSES: Final = (
    "SELECT status, COUNT(1) AS n, MAX(modified_at) AS changed_at FROM sys_invocation GROUP BY status"
)
#: What runs can begin to wait for something else without a change of its row.
_MOVING: Final = ("running", "backing-off")


class TooManyStreamsError(Exception):
    """`MOST_STREAMS` are open."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the navigation tells."""

    #: Awakeables that wait for an answer, at most `MOST_COUNTED`.
    waiting: int = 0
    #: Whether more wait than were counted.
    has_more: bool = False
    #: Invocations by status.
    invocations: Mapping[str, int] = field(default_factory=dict)

    @property
    def in_trouble(self) -> int:
        """Invocations that fail and are retried, or that were paused."""
        return self.invocations.get("backing-off", 0) + self.invocations.get("paused", 0)


class LiveUpdates:
    """Looks at a runtime for all pages that are open. One for each inbox.

    Args:
        operations: of the runtime.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._version = Version()
        self._poll = Poll(self._look_for_pages, self._version.fail)
        self._streams = 0
        self._counts: Counts | None = None
        self._looked_at = float("-inf")
        #: How many looks for pages have begun, and have ended.
        self._begun = 0
        self._ended = Version()
        self._looking: asyncio.Task[None] | None = None
        #: What the last look saw.
        self._waiting: tuple[object, ...] = ()
        self._rows: list[tuple[object, ...]] | None = None
        #: What pages have shown since then. It may be answered before a look has seen that it waits.
        self._shown: set[str] = set()
        #: How often each has changed; pages name the topic that they show.
        self._changes = {"waiting": 0, "invocations": 0}

    async def counts(self) -> Counts | None:
        """Return what the navigation of a page tells; None if the runtime does not tell it soon."""
        if asyncio.get_running_loop().time() - self._looked_at > _FRESH_SECONDS:
            if self._looking is None:
                self._looking = asyncio.create_task(self._look_once())
            await asyncio.wait((self._looking,), timeout=_PATIENCE_SECONDS)
        return self._counts

    def note_shown(self, questions: Iterable[str]) -> None:
        """Note ids of questions that a page shows as waiting."""
        if self._poll.is_watched:  # pages that hear of changes later begin with a look of their own
            self._shown.update(questions)

    def open_stream(self, ending: asyncio.Event | None = None) -> AsyncGenerator[bytes, None]:
        """Return the events for one page. The first one comes after one look, with the counts.

        Args:
            ending: set when the server stops; then the stream ends.

        Raises:
            TooManyStreamsError: too many are open.
        """
        if self._streams >= MOST_STREAMS:
            raise TooManyStreamsError
        return self._stream(ending or asyncio.Event())

    async def _stream(self, ending: asyncio.Event) -> AsyncGenerator[bytes, None]:
        self._streams += 1
        stopped = asyncio.create_task(ending.wait())
        changed: asyncio.Task[int] | None = None
        try:
            with self._poll.watched(INTERVAL_SECONDS, is_new=True):
                yield _RETRY
                # The page asks for itself after the first event. What changes from then on, a later look must find: it
                # compares with one that began after the page was made.
                changed = asyncio.create_task(self._ended.after(self._begun))
                await asyncio.wait({changed, stopped}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
                changed, seen, known = None, 0, dict(self._changes)
                while not stopped.done():
                    changed = changed or asyncio.create_task(self._version.after(seen))
                    await asyncio.wait(
                        {changed, stopped}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED
                    )
                    if not changed.done():
                        yield b":\n\n"
                        continue
                    try:
                        seen, changed = changed.result(), None
                    except OperationError:
                        return  # the page connects again, and hears more when the runtime is back
                    yield self._event(known)
                    known = dict(self._changes)
        finally:
            self._streams -= 1
            stopped.cancel()
            if changed is not None:
                changed.cancel()

    def _event(self, known: Mapping[str, int]) -> bytes:
        counts = self._counts or Counts()
        facts = {
            "changed": [topic for topic, number in self._changes.items() if number != known[topic]],
            "waiting": counts.waiting,
            "hasMore": counts.has_more,
            "inTrouble": counts.in_trouble,
        }
        return f"event: changed\ndata: {json.dumps(facts)}\n\n".encode()

    async def _look_once(self) -> None:
        try:
            await self._look()
        except OperationError:
            self._counts = None  # the page itself says what is wrong
        finally:
            self._looking = None

    async def _look_for_pages(self) -> None:
        self._begun += 1
        try:
            await self._look()
        finally:
            self._ended.grow()

    async def _look(self) -> None:
        shown = set(self._shown)
        found = await self._operations.ask(_STATUSES)
        rows: list[tuple[object, ...]] = sorted(
            (row["status"], row["n"], row.get("changed_at")) for row in found
        )
        by_status = {row["status"]: row["n"] for row in found}
        is_moving = any(by_status.get(status) for status in _MOVING)
        if rows != self._rows or is_moving:
            page = await self._operations.awakeables(limit=MOST_COUNTED)
            waiting = (page.next is not None, *(one.awakeable_id for one in page.awakeables))
            is_gone = not shown <= {one.question_id for one in page.awakeables}
            counts = Counts(len(page.awakeables), page.next is not None, by_status)
            # Beyond what is counted, nothing is seen: it may have changed.
            self._changes["waiting"] += waiting != self._waiting or counts.has_more or is_gone
            self._changes["invocations"] += 1
            self._rows, self._waiting, self._counts = rows, waiting, counts
            self._version.grow()
        elif not self._version.number:
            self._version.grow()
        self._shown -= shown
        self._looked_at = asyncio.get_running_loop().time()
