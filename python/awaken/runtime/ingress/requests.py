"""What the ingress reads of the head of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.control.headers import INGRESS_PATH, forwarded_headers, visible

if TYPE_CHECKING:
    from awaken.exchange import ServedExchange

__all__ = ["idempotency_key", "read_headers"]


def read_headers(exchange: ServedExchange) -> list[tuple[str, str]]:
    """Return the headers that the handler gets: path and query, then the first value of every header.

    Raises:
        InvalidRequestError: a value is not visible ASCII.
    """
    query = exchange.query
    path = f"{exchange.path}?{query}" if query else exchange.path
    return [(INGRESS_PATH, path), *forwarded_headers(exchange.headers.items())]


def idempotency_key(exchange: ServedExchange) -> str | None:
    """Return the idempotency key of a request, which may be empty; None if it has none.

    Raises:
        InvalidRequestError: it is not visible ASCII.
    """
    key = exchange.headers.get("idempotency-key")
    return None if key is None else visible("idempotency-key", key)
