"""What was answered: by whom, when, through which door and with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from starlette.routing import Route

from awaken.approvals import Via
from awaken.control.history import list_answers
from awaken.inbox.answer_words import DOORS, GivenAnswer
from awaken.inbox.history_filter import UNKNOWN, HistoryFilter

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.history import PastAnswer
    from awaken.control.operations import Operations
    from awaken.inbox.page_tools import PageTools

__all__ = ["HistoryPages"]

#: Answers of a page.
PAGE_SIZE: Final = 50
#: Answers that are looked at for one page, if it is about a person or a door. The next page looks on from there.
MOST_SEARCHED: Final = 500


class HistoryPages:
    """The list of what was answered."""

    def __init__(self, tools: PageTools) -> None:
        self._tools = tools

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [Route("/history", self._list)]

    async def _list(self, request: Request) -> Response:
        tools, query = self._tools, request.query_params
        wanted = HistoryFilter.read(query)
        after = query.get("after", "")
        found = await _find(tools.operations, wanted, after)
        mark = "&" if wanted.query() else "?"
        position = urlencode({"after": found.next}) if found.next else ""
        return await tools.render(
            request,
            "history.html",
            section="history",
            topic="waiting",
            rows=[(one, self._show(one)) for one in found.answers],
            wanted=wanted,
            doors={via.value: DOORS[via] for via in Via},
            unknown=UNKNOWN,
            is_first=not after,
            next_query=f"{wanted.query()}{mark}{position}" if position else "",
            searched=found.searched,
        )

    def _show(self, past: PastAnswer) -> GivenAnswer:
        given = GivenAnswer.of_past(past)
        return given if self._tools.shows_values or past.is_approval else given.without_value()


@dataclass(frozen=True, slots=True)
class _Found:
    """Some answers, newest first."""

    answers: list[PastAnswer]
    #: Of the next page; empty on the last one.
    next: str
    #: Answers that were looked at, if a search ended before it was through; else 0.
    searched: int = 0


async def _find(operations: Operations, wanted: HistoryFilter, after: str) -> _Found:
    """Return a page. With a choice of person or door, it ends with the batch that fills it, and may be longer."""
    found: list[PastAnswer] = []
    searched = 0
    while True:
        page = await list_answers(
            operations, limit=PAGE_SIZE, after=after or None, service=wanted.service or None
        )
        searched += len(page.answers)
        found += (one for one in page.answers if wanted.matches(one))
        after = page.next or ""
        if not after or len(found) >= PAGE_SIZE or not wanted.reads_answers:
            return _Found(found, after)
        if searched >= MOST_SEARCHED:
            return _Found(found, after, searched)
