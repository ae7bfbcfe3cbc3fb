"""Parses the paths of the ingress, by the rules of the server.

Paths are split before they are decoded, so that an encoded slash belongs to a key; only keys are decoded at all.
Slashes at both ends are ignored; an empty segment elsewhere is the empty key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote_to_bytes

from awaken.control.operations import Target
from awaken.runtime.admission import find_handler, find_service
from awaken.runtime.ingress.answers import IngressError

if TYPE_CHECKING:
    from awaken.runtime.schema import HandlerSchema, Schema, ServiceSchema

__all__ = ["Invocable", "Mode", "decode", "parse_invocation", "split"]

Mode = Literal["call", "send"]

_EXPECTED: Final = "bad path, expected either /:service-name/:handler or /:object-name/:object-key/:handler"
_EXPECTED_EXPLICIT: Final = (
    "bad path, expected either /restate/call/:service-name/:handler, "
    "/restate/call/:object-name/:object-key/:handler, /restate/send/:service-name/:handler or "
    "/restate/send/:object-name/:object-key/:handler"
)


@dataclass(frozen=True, slots=True)
class Invocable:
    """What a path invokes: a handler that exists."""

    target: Target
    mode: Mode
    service: ServiceSchema
    handler: HandlerSchema


def split(path: str) -> list[str]:
    """Return the segments of a raw path."""
    return path.strip("/").split("/")


def decode(segment: str, what: str = "key") -> str:
    """Decode the percent encoding of a segment.

    Raises:
        IngressError: it is not UTF-8.
    """
    if "%" not in segment and segment.isascii():
        return segment
    try:
        return unquote_to_bytes(segment.encode("latin-1")).decode()
    except UnicodeDecodeError as error:
        raise IngressError(400, f"bad path, cannot decode {what}: {error}") from error


def parse_invocation(schema: Schema, segments: list[str], explicit: Mode | None = None) -> Invocable:
    """Find what a path invokes.

    Args:
        schema: the registered handlers.
        segments: of the path, from the name of the service on.
        explicit: the mode, if an earlier segment has named it.

    Raises:
        IngressError: the handler does not exist, or the path has another form.
    """
    service = find_service(schema, segments[0])
    expected = _EXPECTED_EXPLICIT if explicit else _EXPECTED
    rest = segments[1:]
    key: str | None = None
    if service.kind != "service":
        if len(rest) < 2:
            raise IngressError(400, expected)
        key, rest = rest[0], rest[1:]
    mode: Mode = explicit or "call"
    if len(rest) == 2 and rest[1] == "send" and explicit is None:
        mode, rest = "send", rest[:1]
    if len(rest) != 1:
        raise IngressError(400, expected)
    handler = find_handler(service, rest[0])
    target = Target(service.name, handler.name, None if key is None else decode(key))
    return Invocable(target, mode, service, handler)
