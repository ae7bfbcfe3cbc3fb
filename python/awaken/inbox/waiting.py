"""What waits for an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.routing import Route

from awaken.inbox.question_rows import read_rows
from awaken.inbox.visitors import Visitor, VisitorError
from awaken.inbox.waiting_filter import AGES, WaitingFilter
from awaken.inbox.waiting_list import find_waiting

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.inbox.page_tools import PageTools

__all__ = ["WaitingPages"]


class WaitingPages:
    """The list of what waits for an answer."""

    def __init__(self, tools: PageTools) -> None:
        self._tools = tools

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [Route("/", self._list)]

    async def _list(self, request: Request) -> Response:
        tools, query = self._tools, request.query_params
        wanted = WaitingFilter.read(query)
        now_ms = tools.now_ms()
        try:
            visitor = tools.visitor(request)
        except VisitorError:
            visitor = Visitor()  # may look all the same
        after, skip = query.get("after", ""), _number(query.get("skip", ""))
        page = await find_waiting(tools.operations, wanted, visitor, now_ms, after, skip)
        tools.live.note_shown(one.question_id for one in page.views)
        rows = await read_rows(tools.operations, page.views, now_ms, shows_inputs=tools.shows_values)
        position = urlencode({"after": page.after, "skip": page.skip}) if page.has_more else ""
        return await tools.render(
            request,
            "waiting.html",
            section="waiting",
            topic="waiting",
            rows=rows,
            wanted=wanted,
            ages=tuple(AGES),
            is_first=not after and not skip,
            next_query=f"{wanted.query() or '?'}{'&' if wanted.query() else ''}{position}"
            if position
            else "",
            searched=page.searched,
        )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
