"""Checks the head of an HTTP/2 request: RFC 9113, sections 8.2 and 8.3.

Done here and not in the h2 package, whose checks cost as much as everything else it does for a request. Names repeat
in every request, so each one is checked once and remembered; values are checked all at once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MalformedRequestError", "check_trailers", "parse_head"]

_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")

# Malformed by RFC 9113 8.2.1: a proxy that forwards them in HTTP/1.1 would make a second header of them.
_FORBIDDEN_IN_VALUE: Final = re.compile(rb"[\x00\r\n]")

# RFC 9113 8.2.2: they describe a connection, for which HTTP/2 has other means.
_CONNECTION_HEADERS: Final = frozenset(
    [b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"]
)
_PSEUDO_HEADERS: Final = frozenset([b":method", b":path", b":scheme", b":authority"])

# Limited, since names come from the peer: Envoy keeps about as many well-known ones.
_REMEMBERED_NAMES: Final = 1024
_names: Final[dict[bytes, str]] = {}


class MalformedRequestError(Exception):
    """The request is malformed in the sense of RFC 9113, section 8.1.1."""


def parse_head(fields: Iterable[tuple[bytes, bytes]]) -> tuple[str, str, dict[str, str], str]:
    """Check a request's head, and return its method, its path without the query, its headers, and the query.

    Raises:
        MalformedRequestError: the head breaks a rule; only this stream fails.
    """
    pseudo: dict[bytes, bytes] = {}
    headers: dict[str, str] = {}
    values = []
    for name, value in fields:
        if name[:1] == b":":
            if headers or name in pseudo or name not in _PSEUDO_HEADERS:
                raise MalformedRequestError(f"pseudo header {name!r} is unknown, repeated or after a header")
            pseudo[name] = value
        else:
            text = _names.get(name) or _check_name(name)
            if name == b"te" and value != b"trailers":
                raise MalformedRequestError(f"header te is {value!r}, and only trailers is allowed")
            if text not in headers:
                headers[text] = value.decode("latin-1")
            elif text == "cookie":  # RFC 9113, section 8.2.3
                headers[text] += "; " + value.decode("latin-1")
        values.append(value)
    if _FORBIDDEN_IN_VALUE.search(b"".join(values)):
        raise MalformedRequestError("a header value has a NUL, CR or LF")
    method, path, query = _check_pseudo(pseudo)
    authority = pseudo.get(b":authority")
    if authority is not None and "host" not in headers:
        headers["host"] = authority.decode("latin-1")
    return method, path, headers, query


def check_trailers(fields: Iterable[tuple[bytes, bytes]]) -> None:
    """Check the fields after a request's body.

    Raises:
        MalformedRequestError: a field is not allowed there.
    """
    for name, value in fields:
        if name not in _names:
            _check_name(name)
        if _FORBIDDEN_IN_VALUE.search(value):
            raise MalformedRequestError(f"trailer {name!r} has a NUL, CR or LF")


def _check_pseudo(pseudo: dict[bytes, bytes]) -> tuple[str, str, str]:
    method = pseudo.get(b":method", b"")
    if method == b"CONNECT":
        # It has no path (RFC 9113, section 8.5), so it ends as an unknown route.
        if b":scheme" in pseudo or b":path" in pseudo or not pseudo.get(b":authority"):
            raise MalformedRequestError("CONNECT takes :authority and neither :scheme nor :path")
        return "CONNECT", "", ""
    target = pseudo.get(b":path", b"")
    if not method or not target or not pseudo.get(b":scheme"):
        raise MalformedRequestError(":method, :scheme and :path are needed")
    if target[:1] != b"/" and not (target == b"*" and method == b"OPTIONS"):
        raise MalformedRequestError(f":path {target!r} does not begin with a slash")
    path, _, query = target.decode("latin-1").partition("?")
    return method.decode("latin-1"), path, query


def _check_name(name: bytes) -> str:
    if name in _CONNECTION_HEADERS or _TOKEN.fullmatch(name) is None:
        raise MalformedRequestError(f"header {name!r} is not lower case, or not allowed in HTTP/2")
    text = name.decode("ascii")
    if len(_names) < _REMEMBERED_NAMES:
        _names[name] = text
    return text
