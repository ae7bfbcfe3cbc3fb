"""What waits for an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.routing import Route

from awaken.diagnostics.printable import escape_html
from awaken.inbox.layout import handler_of, labels, moment, page, shorten
from awaken.timing.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import AwakeableView
    from awaken.inbox.page_tools import PageTools

__all__ = ["WaitingPages", "since"]

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
        tools = self._tools
        listed = await tools.operations.awakeables(limit=_LISTED)
        return tools.respond(_page(tools.root(request), listed.awakeables, is_part=tools.is_part(request)))


def _page(root: str, pending: Sequence[AwakeableView], *, is_part: bool) -> str:
    rows = "".join(
        f'<tr><td><a href="{root}/awakeables/{quote(one.awakeable_id)}">{escape_html(one.title)}</a></td>'
        f"<td>{escape_html(handler_of(one.target))}</td><td>{escape_html(shorten(one.target.key or ''))}</td>"
        f"<td>{labels(one.labels)}</td><td>{escape_html((one.type_name or '').rpartition(':')[2])}</td>"
        f'<td>{moment(since(one))}</td><td><a href="{root}/invocations/{quote(one.invocation_id)}">'
        f"{escape_html(one.status)}</a></td></tr>"
        for one in pending
    )
    body = "<h1>Inbox</h1>" + (
        "<table><thead><tr><th>Asked</th><th>Handler</th><th>Key</th><th>Labels</th><th>Type</th><th>Since</th>"
        f"<th>Invocation</th></tr></thead><tbody>{rows}</tbody></table>"
        if rows
        else "<p>Nothing waits for an answer that the runtime knows of.</p>"
    )
    return page(root, "Inbox", body, is_part=is_part)


def since(one: AwakeableView) -> str | None:
    """Return since when an awakeable is awaited, as a timestamp; None if that is not known."""
    return None if one.since_ms is None else format_time(one.since_ms)
