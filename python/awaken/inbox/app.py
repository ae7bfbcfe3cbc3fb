"""The inbox as an ASGI application: its groups of pages, and the page that explains what is not possible."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from awaken.control.errors import OperationError
from awaken.errors import InvalidIdError
from awaken.inbox.answering import AnsweringPages
from awaken.inbox.assets import asset_routes
from awaken.inbox.console import console_routes
from awaken.inbox.events import EventStreams
from awaken.inbox.history import HistoryPages
from awaken.inbox.page_tools import FormError, PageTools
from awaken.inbox.several import SeveralPages
from awaken.inbox.visitors import VisitorError, VisitorHeaders
from awaken.inbox.waiting import WaitingPages
from awaken.pages import branding_from_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import Operations
    from awaken.pages import Branding

__all__ = ["create_inbox"]


def create_inbox(
    operations: Operations,
    visitors: VisitorHeaders | None = None,
    *,
    branding: Branding | None = None,
    now_ms: Callable[[], int] | None = None,
) -> Starlette:
    """Return the inbox of a runtime. It has no access control: mount it where only operators can reach it.

    Args:
        operations: of the runtime.
        visitors: how a proxy names who visits; by default nobody is known, and answers are those of somebody unknown.
        branding: name, logo and colour; by default those of the environment.
        now_ms: the clock, in UTC milliseconds.

    Raises:
        ValueError: a setting of the branding is malformed.
    """
    branding = branding or branding_from_environment()
    clock = now_ms or (lambda: time.time_ns() // 1_000_000)
    tools = PageTools(operations, visitors or VisitorHeaders(), branding, clock)
    groups = (
        WaitingPages(tools),
        AnsweringPages(tools),
        SeveralPages(tools),
        HistoryPages(tools),
        EventStreams(tools),
    )

    async def explain(request: Request, error: Exception) -> Response:
        if isinstance(error, FormError):
            query = f"?{request.url.query}" if request.url.query else ""
            back = f"{request.url.path}{query}"
            return await tools.explain(request, error.title, str(error), error.status, back=back)
        if isinstance(error, VisitorError):
            return await tools.explain(request, "Who are you?", str(error), 403)
        status = error.http_status if isinstance(error, OperationError) else 400
        return await tools.explain(request, "This is not possible", str(error), status)

    return Starlette(
        routes=[
            *(route for group in groups for route in group.routes()),
            *console_routes(tools),
            *asset_routes(branding),
        ],
        exception_handlers=dict.fromkeys((OperationError, InvalidIdError, FormError, VisitorError), explain),
    )
