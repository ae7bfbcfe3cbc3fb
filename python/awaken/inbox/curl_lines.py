"""The line that calls a handler with curl, ready for a shell, with the address of the ingress as a browser sees it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from starlette.requests import Request

    from awaken.control.operations import Target

__all__ = ["curl_line", "ingress_for_browser"]

#: Names of this machine, which mean another one in a browser elsewhere.
_HERE: Final = frozenset(("127.0.0.1", "localhost", "::1", "0.0.0.0", "::"))  # noqa: S104 -- only compared


def curl_line(ingress: str, target: Target, example: str | None) -> str:
    """Return the line.

    Args:
        ingress: its URL.
        target: the handler, with a key if it has one.
        example: a body as JSON; None for a handler that takes none.
    """
    parts = [target.service, *([] if target.key is None else [target.key]), target.handler]
    url = f"{ingress.rstrip('/')}/{'/'.join(quote(part, safe='') for part in parts)}"
    body = ["--json", example] if example is not None else ["--request", "POST"]
    return " ".join(shlex.quote(part) for part in ("curl", url, *body))


def ingress_for_browser(ingress: str, request: Request) -> str:
    """Return the ingress's URL, with the name under which the browser knows this machine if it names only that."""
    parts = urlsplit(ingress)
    name = request.url.hostname or ""
    if parts.hostname not in _HERE or name in _HERE or not name:
        return ingress
    host = f"[{name}]" if ":" in name else name
    return urlunsplit(
        (parts.scheme, host if parts.port is None else f"{host}:{parts.port}", parts.path, "", "")
    )
