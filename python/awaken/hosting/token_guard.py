"""Asks for tokens over HTTP: a guard in front of each interface that outsiders reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote

from starlette.responses import PlainTextResponse

from awaken.control.access import group_of_admin, group_of_inbox, group_of_ingress
from awaken.runtime.admin.answers import answer_json
from awaken.runtime.ingress.answers import error_answer, respond
from awaken.runtime.ingress.paths import split
from awaken.transports.guard import NO_RECEIVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from awaken.control.access import Group, Tokens
    from awaken.exchange import AcceptServed, Receiver, ServedExchange

    Headers = list[tuple[str, str]]

__all__ = ["guard_admin", "guard_inbox", "guard_ingress"]

_AUTHORIZATION: Final = "authorization"
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_BEARER: Final = 'Bearer realm="awaken"'
#: Browsers ask their user for a name, which is ignored, and a password, which is the token.
_BASIC: Final = 'Basic realm="awaken inbox: the password is a token", charset="UTF-8"'


def guard_ingress(ingress: AcceptServed, tokens: Tokens | None) -> AcceptServed:
    """Ask callers for a token; None asks nobody."""

    def needed(exchange: ServedExchange) -> Group | None:
        return group_of_ingress(exchange.method, split(exchange.path))

    def refuse(exchange: ServedExchange, status: int, message: str, challenges: Headers) -> None:
        answer = error_answer(status, message)
        answer.headers += challenges
        respond(exchange, answer)  # a page that may call should learn why it may not

    return ingress if tokens is None else _guard(ingress, tokens, needed, refuse)


def guard_admin(admin: AcceptServed, tokens: Tokens | None) -> AcceptServed:
    """Ask operators for a token; None asks nobody."""

    def needed(exchange: ServedExchange) -> Group | None:
        return group_of_admin(exchange.method, unquote(exchange.path))

    def refuse(exchange: ServedExchange, status: int, message: str, challenges: Headers) -> None:
        _respond(exchange, answer_json(status, {"message": message, "restate_code": None}), challenges)

    return admin if tokens is None else _guard(admin, tokens, needed, refuse)


def guard_inbox(inbox: AcceptServed, tokens: Tokens | None, prefix: str = "") -> AcceptServed:
    """Ask visitors of the inbox for a token, by a dialogue of their browsers if need be; None asks nobody.

    Args:
        inbox: accepts requests that have one.
        tokens: those that are known.
        prefix: of the paths below which the inbox is.
    """

    def needed(exchange: ServedExchange) -> Group | None:
        return group_of_inbox(exchange.method, unquote(exchange.path).removeprefix(prefix))

    def refuse(exchange: ServedExchange, status: int, message: str, challenges: Headers) -> None:
        _respond(exchange, PlainTextResponse(message, status), challenges)

    # Only here: what browsers send by themselves, they send for other sites as well, and forms here are protected.
    return inbox if tokens is None else _guard(inbox, tokens, needed, refuse, takes_basic=True)


def _guard(
    accept: AcceptServed,
    tokens: Tokens,
    needed: Callable[[ServedExchange], Group | None],
    refuse: Callable[[ServedExchange, int, str, Headers], None],
    *,
    takes_basic: bool = False,
) -> AcceptServed:
    """Return what refuses requests without a token that allows them, and passes on the others."""

    def check(exchange: ServedExchange) -> Receiver:
        sent = [value.encode("latin-1") for name, value in exchange.header_list if name == _AUTHORIZATION]
        group = needed(exchange)
        refusal = tokens.check(sent, group, takes_basic=takes_basic)
        if refusal is None:
            return accept(cast("ServedExchange", _WithoutToken(exchange)) if sent else exchange)
        if refusal.is_known:
            challenges = [f'{_BEARER}, error="insufficient_scope", scope="{group}"']
        else:
            challenges = [_BASIC, _BEARER] if takes_basic else [_BEARER]
        status = _FORBIDDEN if refusal.is_known else _UNAUTHORIZED
        refuse(exchange, status, refusal.message, [("www-authenticate", one) for one in challenges])
        return NO_RECEIVER

    return check


def _respond(exchange: ServedExchange, response: Response, challenges: Headers) -> None:
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]
    exchange.respond(response.status_code, [*fields, *challenges], bytes(response.body))


class _WithoutToken:
    """An exchange whose receiver does not see the token: the ingress would store it with the invocation."""

    def __init__(self, exchange: ServedExchange) -> None:
        self._exchange = exchange
        self.headers = {name: value for name, value in exchange.headers.items() if name != _AUTHORIZATION}
        self.header_list = [field for field in exchange.header_list if field[0] != _AUTHORIZATION]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)

    def __repr__(self) -> str:
        return repr(self._exchange)
