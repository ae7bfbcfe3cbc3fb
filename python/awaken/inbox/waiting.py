"""What waits for an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.inbox.page_tools import PageTools

__all__ = ["WaitingPages"]

#: Rows of the list.
_LISTED: Final = 200


class WaitingPages:
    """The list of what waits for an answer."""

    def __init__(self, tools: PageTools) -> None:
        self._tools = tools

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [Route("/", self._list)]

    async def _list(self, request: Request) -> Response:
        listed = await self._tools.operations.awakeables(limit=_LISTED)
        return await self._tools.render(
            request, "waiting.html", section="waiting", topic="waiting", pending=listed.awakeables
        )
