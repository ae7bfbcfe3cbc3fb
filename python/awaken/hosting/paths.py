"""What answers on one address, by the paths of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from awaken.metrics.probes import JSON, readiness
from awaken.transports.guard import NO_RECEIVER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from awaken.exchange import AcceptServed, Receiver, ServedExchange

__all__ = ["answer_ready", "answer_text", "redirect", "route"]

_READS: Final = ("GET", "HEAD")


def route(
    main: AcceptServed,
    *,
    paths: Mapping[str, AcceptServed] | None = None,
    prefixes: Mapping[str, AcceptServed] | None = None,
) -> AcceptServed:
    """Return what passes each request on by its path.

    Args:
        main: gets what the others do not.
        paths: what answers at one path, decoded.
        prefixes: what answers below a path, decoded and without a slash at its end.
    """
    exact = dict(paths or {})
    below = [(f"{prefix}/", accept) for prefix, accept in (prefixes or {}).items()]
    if not exact and not below:
        return main

    def choose(exchange: ServedExchange) -> Receiver:
        path = exchange.path
        if "%" in path:
            path = unquote(path)
        chosen = exact.get(path)
        if chosen is not None:
            return chosen(exchange)
        for prefix, accept in below:
            if path.startswith(prefix):
                return accept(exchange)
        return main(exchange)

    return choose


def redirect(target: str) -> AcceptServed:
    """Return what leads those who read to another path, with the server's status."""

    def answer(exchange: ServedExchange) -> Receiver:
        if exchange.method in _READS:
            exchange.respond(308, [("location", target), ("content-length", "0")], b"")
        else:
            exchange.respond(405, [("allow", "GET,HEAD"), ("content-length", "0")], b"")
        return NO_RECEIVER

    return answer


def answer_text(text: str) -> AcceptServed:
    """Return what answers those who read with a text."""
    return _answer("text/plain; charset=utf-8", lambda: (200, text.encode()))


def answer_ready(unready: Callable[[], str | None]) -> AcceptServed:
    """Return what answers those who ask whether requests should come here.

    Args:
        unready: returns why not, or None.
    """
    return _answer(JSON, lambda: readiness(unready()))


def _answer(content_type: str, make: Callable[[], tuple[int, bytes]]) -> AcceptServed:
    def answer(exchange: ServedExchange) -> Receiver:
        is_read = exchange.method in _READS
        status, body = make() if is_read else (405, b"Method Not Allowed")
        shown = content_type if is_read else "text/plain; charset=utf-8"
        headers = [("content-type", shown), ("content-length", str(len(body)))]
        if not is_read:
            headers.append(("allow", "GET, HEAD"))
        exchange.respond(status, headers, body)
        return NO_RECEIVER

    return answer
