"""Services with their handlers: what each takes and returns, its settings, and where to call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from awaken.control.errors import NotFoundError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.catalog import HandlerView, ServiceView
    from awaken.control.operations import Operations
    from awaken.inbox.page_tools import PageTools

__all__ = ["ServicePages", "find_handler", "find_service"]


class ServicePages:
    """The list of services, and one of them."""

    def __init__(self, tools: PageTools) -> None:
        self._tools = tools

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [Route("/services", self._list), Route("/services/{service}", self._show)]

    async def _list(self, request: Request) -> Response:
        services = await self._tools.operations.services()
        return await self._tools.render(request, "services.html", section="services", services=services)

    async def _show(self, request: Request) -> Response:
        service = await find_service(self._tools.operations, request.path_params["service"])
        return await self._tools.render(request, "service.html", section="services", service=service)


async def find_service(operations: Operations, name: str) -> ServiceView:
    """Return a registered service. Raises NotFoundError."""
    for one in await operations.services():
        if one.name == name:
            return one
    raise NotFoundError(f"no service {name!r} is registered; its deployment may be gone")


async def find_handler(operations: Operations, service: str, name: str) -> tuple[ServiceView, HandlerView]:
    """Return a handler and its service. Raises NotFoundError."""
    found = await find_service(operations, service)
    handler = found.find(name)
    if handler is None:
        raise NotFoundError(f"service {service} has no handler {name!r}; it may be one of an older revision")
    return found, handler
