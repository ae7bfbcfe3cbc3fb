"""Asks for tokens over HTTP: a guard in front of each ASGI application that outsiders reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from awaken.control.access import group_of_admin, group_of_inbox, group_of_ingress
from awaken.runtime.admin.answers import answer_json
from awaken.runtime.ingress.answers import allow_origin, error_answer
from awaken.runtime.ingress.bodies import raw_path
from awaken.runtime.ingress.paths import split

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from awaken.control.access import Group, Tokens

__all__ = ["guard_admin", "guard_inbox", "guard_ingress"]

_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_BEARER: Final = 'Bearer realm="awaken"'
#: Browsers ask their user for a name, which is ignored, and a password, which is the token.
_BASIC: Final = 'Basic realm="awaken inbox: the password is a token", charset="UTF-8"'


def guard_ingress(ingress: ASGIApp, tokens: Tokens | None) -> ASGIApp:
    """Ask callers for a token; None asks nobody."""
    if tokens is None:
        return ingress

    def needed(request: Request) -> Group | None:
        return group_of_ingress(request.method, split(raw_path(request)))

    def refuse(request: Request, status: int, message: str) -> Response:
        response = error_answer(status, message)
        allow_origin(request, response)  # a page that may call should learn why it may not
        return response

    return _Guard(ingress, tokens, needed, refuse)


def guard_admin(admin: ASGIApp, tokens: Tokens | None) -> ASGIApp:
    """Ask operators for a token; None asks nobody."""
    if tokens is None:
        return admin

    def needed(request: Request) -> Group | None:
        return group_of_admin(request.method, _path_below(request))

    def refuse(_request: Request, status: int, message: str) -> Response:
        return answer_json(status, {"message": message, "restate_code": None})

    return _Guard(admin, tokens, needed, refuse)


def guard_inbox(inbox: ASGIApp, tokens: Tokens | None) -> ASGIApp:
    """Ask visitors of the inbox for a token, by a dialogue of their browsers if need be; None asks nobody."""
    if tokens is None:
        return inbox

    def needed(request: Request) -> Group | None:
        return group_of_inbox(request.method, _path_below(request))

    def refuse(_request: Request, status: int, message: str) -> Response:
        return PlainTextResponse(message, status)

    # Only here: what browsers send by themselves, they send for other sites as well, and forms here are protected.
    return _Guard(inbox, tokens, needed, refuse, takes_basic=True)


class _Guard:
    """Refuses requests without a token that allows them.

    The token does not reach the application: the ingress would store it with the headers of the invocation.
    """

    def __init__(
        self,
        app: ASGIApp,
        tokens: Tokens,
        needed: Callable[[Request], Group | None],
        refuse: Callable[[Request, int, str], Response],
        *,
        takes_basic: bool = False,
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._needed = needed
        self._refuse = refuse
        self._takes_basic = takes_basic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"authorization"]
        sent = [value for name, value in scope["headers"] if name.lower() == b"authorization"]
        request = Request(scope)
        needed = self._needed(request)
        refusal = self._tokens.check(sent, needed, takes_basic=self._takes_basic)
        if refusal is None:
            await self._app({**scope, "headers": headers}, receive, send)
            return
        response = self._refuse(request, _FORBIDDEN if refusal.is_known else _UNAUTHORIZED, refusal.message)
        if refusal.is_known:
            response.headers["www-authenticate"] = f'{_BEARER}, error="insufficient_scope", scope="{needed}"'
        else:
            for challenge in (_BASIC, _BEARER) if self._takes_basic else (_BEARER,):
                response.headers.append("www-authenticate", challenge)
        await response(scope, receive, send)


def _path_below(request: Request) -> str:
    """Return the path below the place where the application is mounted, as its routes see it."""
    scope = request.scope
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
