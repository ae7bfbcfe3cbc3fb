"""One answer to an approval, with who gave it: the value of one of its awakeables.

Doors write it; a handler, and whoever reads the history, reads it. A value that no door wrote, such as one from
`awaken resolve`, is an answer by somebody unknown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgspec

__all__ = ["Answered", "Via", "is_answered", "read_answered", "write_answered"]

_MARK: Final = "awaken-approval"
_VERSION: Final = 1


class Via(StrEnum):
    """The door through which an answer came."""

    LINK = "link"
    INBOX = "inbox"
    SLACK = "slack"
    #: The ingress, gRPC, a client or the command line.
    API = "api"
    #: Nobody answered in time, and the handler had given an answer for that.
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer."""

    #: As its type writes it, usually JSON; None if it was rejected without an answer.
    answer: bytes | None
    #: The reason of a rejection without an answer.
    rejection: str | None = None
    #: Who answered; None if that is not known.
    by: str | None = None
    #: Groups that the person belongs to, of those that were asked.
    groups: tuple[str, ...] = ()
    #: When, by the clock of the door, in UTC milliseconds; None if that is not known.
    at_ms: int | None = None
    via: Via = Via.API


def write_answered(answered: Answered, nonce: str = "") -> bytes:
    """Return an answer as the value of an awakeable.

    Args:
        answered: the answer.
        nonce: makes it differ from an equal answer at the same moment, so that of two doors each knows whether the
            awakeable took its own.

    Raises:
        ValueError: the answer is not JSON in UTF-8, or no JSON that `read_answered` reads.
    """
    facts: dict[str, Any] = {_MARK: _VERSION, "via": answered.via.value}
    if answered.answer is None:
        facts["rejection"] = answered.rejection or ""
    if answered.by is not None:
        facts["by"] = answered.by
    if answered.groups:
        facts["groups"] = list(answered.groups)
    if answered.at_ms is not None:
        facts["at_ms"] = answered.at_ms
    if nonce:
        facts["nonce"] = nonce
    head = json.dumps(facts, separators=(",", ":"), ensure_ascii=False).encode()
    if answered.answer is None:
        return head
    answer = answered.answer or b"null"
    try:
        json.loads(answer.decode())
        msgspec.json.decode(answer, type=msgspec.Raw)  # stricter than json: no NaN, no half of a character
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    # As it was given: numbers and the order of fields stay.
    return head[:-1] + b',"answer":' + answer + b"}"


def read_answered(value: bytes) -> Answered:
    """Read the value of an awakeable; what no door wrote is an answer by somebody unknown."""
    try:
        parts = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
        facts = {name: json.loads(bytes(part)) for name, part in parts.items() if name != "answer"}
        return _read(facts, parts.get("answer")) if facts.get(_MARK) == _VERSION else Answered(value)
    except (ValueError, TypeError, RecursionError):
        return Answered(value)


def is_answered(value: bytes) -> bool:
    """Return whether a door wrote this value, so that it tells who answered."""
    return read_answered(value).answer != value


def _read(facts: dict[str, Any], answer: msgspec.Raw | None) -> Answered:
    by, groups, at_ms = facts.get("by"), facts.get("groups", []), facts.get("at_ms")
    if not isinstance(by, str | None) or not isinstance(groups, list) or type(at_ms) not in (int, type(None)):
        raise TypeError("it is not as doors write it")
    if not all(isinstance(group, str) for group in groups):
        raise TypeError("its groups are not text")
    rejection = str(facts.get("rejection", "")) if answer is None else None
    written = None if answer is None else bytes(answer)  # as it was given: no number is rounded
    return Answered(written, rejection, by, tuple(groups), at_ms, Via(facts.get("via", "api")))
