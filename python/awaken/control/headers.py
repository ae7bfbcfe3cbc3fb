"""Which headers of a request a handler sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from awaken.control.errors import InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["INGRESS_PATH", "forwarded_headers", "visible"]

#: Path and query of a request over HTTP; only the ingress sets it.
INGRESS_PATH: Final = "x-restate-ingress-path"

#: Facts of the connection, or of the ingress itself, that handlers do not see.
_KEPT_BACK: Final = frozenset(("host", "connection", "idempotency-key", "idempotency-expires", INGRESS_PATH))


def forwarded_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers that the handler sees: the first value of each, by its name in lower case.

    Raises:
        InvalidRequestError: a value is not visible ASCII.
    """
    seen: dict[str, str] = {}
    for given, value in headers:
        name = given.lower()
        if name not in seen and name not in _KEPT_BACK:
            seen[name] = visible(name, value)
    return list(seen.items())


def visible(name: str, text: str) -> str:
    """Return the value of a header. Raises InvalidRequestError if it is not visible ASCII."""
    if not (text.isascii() and (text.isprintable() or text.replace("\t", "").isprintable())):
        raise InvalidRequestError(f"bad header {name}: ToStrError {{ _priv: () }}")
    return text
