"""Puts the access rules of an address in front of an ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from awaken.hosting.access_rules import RequestFacts, check_access

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from awaken.hosting.access_rules import AccessRules, Refusal

__all__ = ["PageGuard"]

_HOST: Final = b"host"
_ORIGIN: Final = b"origin"
_SITE: Final = b"sec-fetch-site"
_MODE: Final = b"sec-fetch-mode"


class PageGuard:
    """An application that sees only requests which the rules accept; the others are answered here.

    Args:
        app: the application.
        rules: of the address where it is served.
    """

    def __init__(self, app: ASGIApp, rules: AccessRules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope, as an ASGI application."""
        if scope["type"] == "http":
            refusal = check_access(self._rules, _facts_of(scope))
            if refusal is not None:
                await _refuse(refusal, send)
                return
        await self._app(scope, receive, send)


def _facts_of(scope: Scope) -> RequestFacts:
    hosts: list[str] = []
    origins: list[str] = []
    site = mode = None
    # ASGI: names are in lower case, and servers of HTTP/2 give the authority as `host`.
    for name, value in scope["headers"]:
        if name == _HOST:
            hosts.append(value.decode("latin-1"))
        elif name == _ORIGIN:
            origins.append(value.decode("latin-1"))
        elif name == _SITE:
            site = value.decode("latin-1")
        elif name == _MODE:
            mode = value.decode("latin-1")
    return RequestFacts(scope["method"], hosts, origins, site, mode)


async def _refuse(refusal: Refusal, send: Send) -> None:
    # No headers for other origins: the browser refuses what it asked before a request, and shows no answer to the page.
    body = f"{refusal.text}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
