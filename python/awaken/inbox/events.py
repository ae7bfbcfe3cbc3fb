"""The stream on which open pages hear of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from awaken.inbox.live import TooManyStreamsError
from awaken.inbox.page_tools import HEADERS

if TYPE_CHECKING:
    from starlette.requests import Request

    from awaken.inbox.page_tools import PageTools

__all__ = ["EventStreams"]

#: The extension by which the server tells that it stops; see `awaken.hosting.applications`.
_ENDING: Final = "awaken.ending"
_TYPE: Final = "text/event-stream"


class EventStreams:
    """The events of `LiveUpdates`, for scripts of pages."""

    def __init__(self, tools: PageTools) -> None:
        self._tools = tools

    def routes(self) -> list[Route]:
        """Return the routes of these streams."""
        return [Route("/events", self._stream)]

    async def _stream(self, request: Request) -> Response:
        # Proxies such as nginx would keep events back until there are many.
        headers = {**HEADERS, "x-accel-buffering": "no"}
        if request.method == "HEAD":
            return Response(headers=headers, media_type=_TYPE)
        ending = request.scope.get("extensions", {}).get(_ENDING, {}).get("event")
        try:
            events = self._tools.live.open_stream(ending)
        except TooManyStreamsError:
            text = "too many pages are open; this one shows what is new when it is loaded again\n"
            return PlainTextResponse(text, 503, headers={**headers, "retry-after": "15"})
        return StreamingResponse(events, headers=headers, media_type=_TYPE)
