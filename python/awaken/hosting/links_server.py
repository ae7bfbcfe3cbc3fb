"""Links on an address of their own, which can be published without the ingress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, Router

from awaken.hosting.access_rules import rules_for
from awaken.hosting.http_server import HttpServer
from awaken.hosting.page_guard import PageGuard

if TYPE_CHECKING:
    import ssl

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from awaken.hosting.allowed_pages import AllowedPages

__all__ = ["make_links_server"]


def make_links_server(
    links: ASGIApp,
    prefix: str,
    bind: tuple[str, int],
    pages: AllowedPages,
    *,
    public_url: str | None,
    tls: ssl.SSLContext | None,
) -> HttpServer:
    """Return a server of links, and of `/health` for load balancers. It asks nobody for a token: the links are signed.

    Args:
        links: the application of the links.
        prefix: path below which it is as on an ingress, so that links stay valid when they move here. They are valid
            without it as well: nothing else is on this address, and proxies need not change paths.
        bind: host and port; port 0 finds a free one.
        pages: names and origins that the user allows beyond the address.
        public_url: where the links lead.
        tls: context for TLS; None serves cleartext.
    """
    rules = rules_for("address", bind[0], pages, is_reading_safe=True, public_url=public_url)
    # Load balancers ask by any name, and learn nothing that matters.
    guarded = PageGuard(links, rules)
    routes = [Route("/health", _answer_health), Mount(prefix, guarded)]
    return HttpServer(Router(routes, redirect_slashes=False, default=guarded), *bind, tls=tls)


async def _answer_health(_request: Request) -> Response:
    return PlainTextResponse("ok\n")
