"""The console: pages about invocations, services, state and deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.inbox.calling import CallPages
from awaken.inbox.deployments import DeploymentPages
from awaken.inbox.invocation import OneInvocationPages
from awaken.inbox.invocations import InvocationPages
from awaken.inbox.services import ServicePages
from awaken.inbox.state import StatePages
from awaken.inbox.values import Values

if TYPE_CHECKING:
    from starlette.routing import Route

    from awaken.inbox.page_tools import PageTools

__all__ = ["console_routes"]


def console_routes(tools: PageTools) -> list[Route]:
    """Return the routes of the console."""
    values = Values(tools.operations)
    groups = (
        InvocationPages(tools),
        OneInvocationPages(tools, values),
        ServicePages(tools),
        CallPages(tools, values),
        StatePages(tools, values),
        DeploymentPages(tools),
    )
    return [route for group in groups for route in group.routes()]
