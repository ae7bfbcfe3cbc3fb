"""The inbox as an ASGI application: its groups of pages, and the page that explains what is not possible."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from awaken.control.errors import OperationError
from awaken.errors import InvalidIdError
from awaken.inbox.answering import AnsweringPages
from awaken.inbox.invocations import InvocationPages
from awaken.inbox.page_tools import FormError, PageTools
from awaken.inbox.waiting import WaitingPages

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import Operations

__all__ = ["create_inbox"]


def create_inbox(operations: Operations) -> Starlette:
    """Return the inbox of a runtime. It has no access control: mount it where only operators can reach it."""
    tools = PageTools(operations)
    groups = (WaitingPages(tools), AnsweringPages(tools), InvocationPages(tools))

    async def explain(request: Request, error: Exception) -> Response:
        if isinstance(error, FormError):
            return tools.explain(request, error.title, str(error), error.status)
        status = error.http_status if isinstance(error, OperationError) else 400
        return tools.explain(request, "This is not possible", str(error), status)

    return Starlette(
        routes=[
            *(route for group in groups for route in group.routes()),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        exception_handlers={OperationError: explain, InvalidIdError: explain, FormError: explain},
    )
