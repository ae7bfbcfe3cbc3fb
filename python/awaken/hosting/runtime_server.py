"""The ingress and the admin API of a runtime, on two ports of this process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route, Router

from awaken.hosting.access_rules import rules_for
from awaken.hosting.allowed_pages import AllowedPages
from awaken.hosting.http_server import HttpServer
from awaken.hosting.page_guard import PageGuard
from awaken.hosting.token_guard import guard_admin, guard_ingress

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from awaken.control.access import Tokens
    from awaken.runtime.admin import Admin
    from awaken.runtime.ingress import Ingress

__all__ = ["RuntimeServer"]

#: Methods beside GET and HEAD.
_OTHER_METHODS: Final = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


class RuntimeServer:
    """Serves the ingress and the admin API of one runtime over HTTP.

    Args:
        ingress: for callers. Its runtime has to be started before, and stopped after this is closed.
        admin: for operators.
        ingress_bind: host and port for callers; port 0 finds a free one.
        admin_bind: host and port for operators.
        beside_ingress: more ASGI applications on the callers' port, by the prefix of their paths. Reading their pages
            must change nothing, because links of other sites may lead there.
        beside_admin: more ASGI applications on the operators' port, likewise. They ask for tokens themselves.
        home: where browsers that open the operators' port without a path are sent; None nowhere.
        pages: names and origins that the user allows beyond the addresses.
        public_url: where else the applications beside the ingress can be reached, for example through a proxy.
        tokens: what to ask callers and operators for; None asks nobody.
        tls: context for TLS on both ports; None serves cleartext.
    """

    def __init__(
        self,
        ingress: Ingress,
        admin: Admin,
        *,
        ingress_bind: tuple[str, int],
        admin_bind: tuple[str, int],
        beside_ingress: Mapping[str, ASGIApp] | None = None,
        beside_admin: Mapping[str, ASGIApp] | None = None,
        home: str | None = None,
        pages: AllowedPages | None = None,
        public_url: str | None = None,
        tokens: Tokens | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        pages = pages or AllowedPages()
        for_callers = rules_for("ingress", ingress_bind[0], pages, is_reading_safe=False)
        beside = rules_for("address", ingress_bind[0], pages, is_reading_safe=True, public_url=public_url)
        for_operators = rules_for("admin API", admin_bind[0], pages, is_reading_safe=True)
        others = {prefix: PageGuard(app, beside) for prefix, app in (beside_ingress or {}).items()}
        callers = PageGuard(guard_ingress(ingress, tokens), for_callers)
        operators = _beside(guard_admin(admin, tokens), beside_admin, home)
        self._ingress = HttpServer(_beside(callers, others), *ingress_bind, tls=tls)
        self._operators = admin
        self._admin = HttpServer(PageGuard(operators, for_operators), *admin_bind, tls=tls)

    @property
    def ingress_url(self) -> str:
        """URL for callers."""
        return self._ingress.url

    @property
    def admin_url(self) -> str:
        """URL for operators."""
        return self._admin.url

    async def open(self) -> None:
        """Listen.

        Raises:
            OSError: an address is taken, or does not belong to this machine; then neither port is open.
        """
        await self._ingress.start()
        self._operators.ingress_url = self.ingress_url
        try:
            await self._admin.start()
        except BaseException:
            await self._ingress.stop()
            raise

    async def close(self, grace_s: float = 5.0) -> None:
        """Take no more requests, and cut off open ones that do not end within `grace_s` seconds."""
        self._operators.end_questions()
        await asyncio.gather(self._ingress.stop(grace_s), self._admin.stop(grace_s))


def _beside(main: ASGIApp, others: Mapping[str, ASGIApp] | None, home: str | None = None) -> ASGIApp:
    if not others:
        return main
    # Only to where people type: a redirect of any path would come before the rules of its address.
    first = [] if home is None else [_redirect(path, home) for path in ("/", home.rstrip("/"))]
    routes = [*first, *(Mount(prefix, app) for prefix, app in others.items())]
    return Router(routes, redirect_slashes=False, default=main)


def _redirect(path: str, home: str) -> Route:
    """Lead a path to where the pages are, with the server's status."""

    async def answer(request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            return RedirectResponse(home, 308)
        return Response(status_code=405, headers={"allow": "GET,HEAD"})

    return Route(path, answer, methods=["GET", *_OTHER_METHODS])
