"""One page of what waits: as the runtime lists it, or, of what a visitor looks for, after looking at some of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from awaken.control.operations import AwakeableView, Operations
    from awaken.inbox.visitors import Visitor
    from awaken.inbox.waiting_filter import WaitingFilter

__all__ = ["PAGE_SIZE", "WaitingPage", "find_waiting"]

#: Questions of a page.
PAGE_SIZE: Final = 50
#: Awakeables that a search looks at for one page, which takes a tenth of a second. The next page looks on from there.
MOST_SEARCHED: Final = 1000
#: Awakeables that a search asks the runtime for at a time: few at first, because many searches fill a page soon.
_BATCHES: Final = (100, 300, 600)
_LARGEST_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class WaitingPage:
    """Some of what waits, longest first."""

    views: list[AwakeableView]
    #: Parameters of the address of the next page; empty on the last one.
    after: str = ""
    skip: int = 0
    #: Awakeables that were looked at, if a search ended before it was through; else 0.
    searched: int = 0

    @property
    def has_more(self) -> bool:
        """Whether there is a next page."""
        return bool(self.after or self.skip)


async def find_waiting(
    operations: Operations, wanted: WaitingFilter, visitor: Visitor, now_ms: int, after: str, skip: int
) -> WaitingPage:
    """Return a page.

    Args:
        operations: the runtime.
        wanted: which questions.
        visitor: who looks.
        now_ms: UTC milliseconds.
        after: where the runtime's list goes on; empty for its beginning.
        skip: awakeables from there on that were on a page before.

    Raises:
        InvalidRequestError: `after` is not from a page before.
        OperationError: the runtime cannot be asked.
    """
    found: list[AwakeableView] = []
    seen: set[str] = set()
    searched = 0
    batches = iter(_BATCHES)
    while True:
        size = next(batches, _BATCHES[-1]) if wanted.reads_rows else PAGE_SIZE
        limit = min(size + skip, _LARGEST_BATCH)
        page = await operations.awakeables(service=wanted.service or None, limit=limit, after=after or None)
        for number, one in enumerate(page.awakeables[skip:], skip):
            if len(found) == PAGE_SIZE:
                return WaitingPage(found, after, number)
            searched += 1
            # A handler may await several slots of one approval at a time: it is one question.
            if one.question_id not in seen and wanted.matches(one, visitor, now_ms):
                seen.add(one.question_id)
                found.append(one)
        if page.next is None:
            return WaitingPage(found)
        after, skip = page.next, 0
        if len(found) == PAGE_SIZE:
            return WaitingPage(found, after)
        if searched >= MOST_SEARCHED:
            return WaitingPage(found, after, searched=searched)
