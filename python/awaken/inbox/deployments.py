"""Deployments: registered versions of endpoints, where they are, and what they serve."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.routing import Route

from awaken.inbox.timeline.entries import read_ms

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.inbox.page_tools import PageTools

__all__ = ["DeploymentPages"]


class DeploymentPages:
    """The list of deployments. They are changed by `awaken register`, or by the admin API."""

    def __init__(self, tools: PageTools) -> None:
        self._tools = tools

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [Route("/deployments", self._list)]

    async def _list(self, request: Request) -> Response:
        operations = self._tools.operations
        deployments, services = await asyncio.gather(operations.deployments(), operations.services())
        return await self._tools.render(
            request,
            "deployments.html",
            section="deployments",
            deployments=[(one, read_ms(one.created_at)) for one in deployments],
            latest={(one.name, one.deployment_id) for one in services},
        )
