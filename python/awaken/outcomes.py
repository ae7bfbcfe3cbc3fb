"""What clients that complete awakeables and runtimes have to agree on."""

from __future__ import annotations

from enum import Enum
from typing import Final

__all__ = [
    "CANCEL",
    "FIRST_AWAKEABLE",
    "LAST_AWAKEABLE",
    "OUTCOME_HEADER",
    "AwakeableOutcome",
    "completion_name",
    "describe_outcome",
    "read_outcome",
]

#: The built-in signal that cancels an invocation.
CANCEL: Final = 1

#: Index of the first awakeable of an invocation; signals below are the runtime's own.
FIRST_AWAKEABLE: Final = 17

#: Index of the last awakeable that an invocation can have. A handler that makes a million at once has a journal of as
#: many entries to read at each attempt; an id beyond was made by someone who guesses. Nearer ones cannot be told from
#: those that the handler is about to make, for which runtimes store a result that comes early.
LAST_AWAKEABLE: Final = FIRST_AWAKEABLE + 1_000_000 - 1

#: Header in which the embedded runtime reports the outcome of a completion; a Restate server sends none.
OUTCOME_HEADER: Final = "x-awaken-outcome"


class AwakeableOutcome(Enum):
    """What happened when an awakeable was given a result."""

    #: The awakeable has this result.
    APPLIED = "applied"
    #: The awakeable already has a result, which it keeps.
    ALREADY_COMPLETED = "already-completed"
    #: There is no such invocation, or it has no such awakeable.
    UNKNOWN = "unknown"
    #: The invocation has ended without a result for this awakeable.
    GONE = "gone"
    #: The id names no awakeable of the invocation, which may not have started yet.
    INVALID = "invalid"
    #: The runtime accepted the result and does not report more; a Restate server never does.
    ACCEPTED = "accepted"


_TEXTS: Final = {
    AwakeableOutcome.APPLIED: "{id} has this result",
    AwakeableOutcome.ALREADY_COMPLETED: "{id} has a result already; the first one counts",
    AwakeableOutcome.UNKNOWN: "there is no awakeable {id}; its invocation never existed or is no longer kept, "
    "or has no such awakeable",
    AwakeableOutcome.GONE: "the invocation of {id} has ended; it no longer waits for a result",
    AwakeableOutcome.INVALID: "{id} is not an awakeable of its invocation, or the invocation has not started yet; "
    "check the id, or try again once the handler runs",
    AwakeableOutcome.ACCEPTED: "the runtime accepted the result of {id} and does not report whether it counts",
}


def completion_name(outcome: AwakeableOutcome, *, is_rejection: bool) -> str:
    """Return what to count a completion as: resolved, rejected, or why it did not count."""
    if outcome in (AwakeableOutcome.APPLIED, AwakeableOutcome.ACCEPTED):
        return "rejected" if is_rejection else "resolved"
    name: str = outcome.value
    return name.replace("-", "_")


def describe_outcome(outcome: AwakeableOutcome, awakeable_id: str) -> str:
    """Describe an outcome for people, in a sentence without a full stop."""
    return _TEXTS[outcome].format(id=awakeable_id)


def read_outcome(header: str | None) -> AwakeableOutcome:
    """Return the outcome that an ingress reports in `OUTCOME_HEADER`; ACCEPTED if it is absent or unknown here."""
    try:
        return AwakeableOutcome(header)
    except ValueError:
        return AwakeableOutcome.ACCEPTED
