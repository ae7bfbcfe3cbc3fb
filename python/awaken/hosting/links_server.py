"""Links on an address of their own, which can be published without the ingress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.hosting.access_rules import rules_for
from awaken.hosting.applications import Applications
from awaken.hosting.http_server import HttpServer
from awaken.hosting.page_guard import guard_pages
from awaken.hosting.paths import answer_text, route

if TYPE_CHECKING:
    import ssl

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
    applications = Applications()
    accept = route(
        guard_pages(applications.serve(links), rules),
        # Load balancers ask by any name, and learn nothing that matters.
        paths={"/health": answer_text("ok\n")},
        prefixes={prefix: guard_pages(applications.serve(links, prefix), rules)},
    )
    return HttpServer(accept, *bind, applications=applications, tls=tls)
