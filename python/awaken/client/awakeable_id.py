"""Awakeable ids, checked before they can do harm."""

from __future__ import annotations

from awaken import _core
from awaken.errors import InvalidIdError
from awaken.outcomes import CANCEL, FIRST_AWAKEABLE

__all__ = ["check_awakeable_id"]


def check_awakeable_id(text: str) -> _core.AwakeableId:
    """Parse an id that may be sent to a runtime.

    Raises:
        InvalidIdError: it is malformed, or a runtime would not take it as an awakeable.
    """
    parsed = _core.parse_awakeable_id(text)
    if parsed.is_legacy:
        raise InvalidIdError(
            f"{text} has the legacy prefix prom_1. Sent to a server, it completes a journal entry by its number "
            "instead of an awakeable, and can block a partition of the server for good; ask the handler for its "
            "current id, which begins with sign_1"
        )
    if parsed.index == CANCEL:
        raise InvalidIdError(
            f"{text} names signal 1 of {parsed.invocation_id}, which would cancel the invocation; if that is what you "
            f"want, cancel {parsed.invocation_id} by its own id"
        )
    if parsed.index < FIRST_AWAKEABLE:
        raise InvalidIdError(
            f"{text} names signal {parsed.index} of {parsed.invocation_id}; signals below {FIRST_AWAKEABLE} "
            "are reserved and not awakeables: use the id that the handler handed out"
        )
    return parsed
