"""Puts the access rules of an address in front of what answers there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from awaken.hosting.access_rules import RequestFacts, check_access
from awaken.transports.guard import NO_RECEIVER

if TYPE_CHECKING:
    from awaken.exchange import AcceptServed, Receiver, ServedExchange
    from awaken.hosting.access_rules import AccessRules, Refusal

__all__ = ["guard_pages"]

#: How many Hosts are remembered that a request of a program may have. Clients use few.
_REMEMBERED: Final = 256


def guard_pages(accept: AcceptServed, rules: AccessRules) -> AcceptServed:
    """Return what passes on only requests that the rules accept; it answers the others.

    Args:
        accept: called with each request that is accepted.
        rules: of the address where it is served.
    """
    # The answer to a request that no page sent depends on its Host alone.
    known: set[str] = set()

    def check(exchange: ServedExchange) -> Receiver:
        headers = exchange.headers
        is_of_program = "origin" not in headers and "sec-fetch-site" not in headers
        host = headers.get("host", "")
        if is_of_program and host in known:
            return accept(exchange)
        refusal = check_access(rules, _facts_of(exchange))
        if refusal is not None:
            _refuse(exchange, refusal)
            return NO_RECEIVER
        if is_of_program and len(known) < _REMEMBERED:
            known.add(host)
        return accept(exchange)

    return check


def _facts_of(exchange: ServedExchange) -> RequestFacts:
    headers = exchange.headers
    hosts: list[str] = []
    origins: list[str] = []
    for name, value in exchange.header_list:
        if name == "host":
            hosts.append(value)
        elif name == "origin":
            origins.append(value)
    site, mode = headers.get("sec-fetch-site"), headers.get("sec-fetch-mode")
    return RequestFacts(exchange.method, hosts, origins, site, mode)


def _refuse(exchange: ServedExchange, refusal: Refusal) -> None:
    # No headers for other origins: the browser refuses what it asked before a request, and shows no answer to the page.
    body = f"{refusal.text}\n".encode()
    headers = [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", str(len(body))),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ]
    exchange.respond(refusal.status, headers, body)
