"""An answer in words: by whom, through which door, and what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from awaken.approvals import Via, read_verdict
from awaken.inbox.facts import first_facts, shown_value

if TYPE_CHECKING:
    from awaken.approvals import Answered, ApprovalFacts
    from awaken.control.history import PastAnswer

__all__ = ["DOORS", "GivenAnswer", "describe_who"]

#: Bytes of an answer that a page shows.
LARGEST_SHOWN: Final = 64 * 1024
DOORS: Final = {
    Via.LINK: "by a link",
    Via.INBOX: "from the inbox",
    Via.SLACK: "in Slack",
    Via.API: "through the API",
    Via.EXPIRY: "because nobody answered in time",
}


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer as pages show it."""

    #: approved, rejected or neutral: the state whose colour it has.
    state: str
    verb: str
    #: Who, and through which door.
    who: str
    at_ms: int | None
    #: Why it was rejected.
    reason: str = ""
    #: Names and beginnings of the first facts.
    facts: tuple[tuple[str, str], ...] = ()
    #: Whether there is a value to show as a whole, and the value.
    has_value: bool = False
    value: Any = None

    @property
    def icon(self) -> str:
        """The icon beside the verb."""
        return "cross" if self.state == "rejected" else "check"

    def without_value(self) -> GivenAnswer:
        """Return it without what was answered."""
        return replace(self, facts=(), has_value=False, value=None)

    @classmethod
    def of(cls, answered: Answered, approval: ApprovalFacts | None) -> GivenAnswer:
        """Return how an answer of a question is shown; of a callback, without facts of an approval."""
        is_yes = read_verdict(approval, answered) if approval is not None else None
        return cls._make(answered, is_approval=approval is not None, is_yes=is_yes, at_ms=answered.at_ms)

    @classmethod
    def of_past(cls, past: PastAnswer) -> GivenAnswer:
        """Return how an answer of the history is shown."""
        if past.answered is None:
            return cls("neutral", "Answered", "cannot be read here", past.at_ms)
        at_ms = past.at_ms if past.answered.at_ms is None else past.answered.at_ms
        return cls._make(past.answered, is_approval=past.is_approval, is_yes=past.is_yes, at_ms=at_ms)

    @classmethod
    def _make(
        cls, answered: Answered, *, is_approval: bool, is_yes: bool | None, at_ms: int | None
    ) -> GivenAnswer:
        if answered.answer is None or is_yes is False:
            state, verb = "rejected", "Rejected"
        else:
            state, verb = ("approved", "Approved") if is_yes else ("neutral", "Answered")
        has_value, value = _value_of(answered.answer)
        return cls(
            state,
            verb,
            describe_who(answered, is_approval=is_approval),
            at_ms,
            answered.rejection or "",
            tuple(first_facts(_without_verdict(value) if is_approval else value)) if has_value else (),
            has_value,
            value,
        )


def describe_who(answered: Answered, *, is_approval: bool) -> str:
    """Return who answered through which door. Callbacks and plain awakeables do not keep it."""
    if not is_approval:
        return "not recorded"
    if answered.via is Via.EXPIRY:
        return DOORS[Via.EXPIRY]
    name = "unknown," if answered.by is None else answered.by
    return f"{name} {DOORS[answered.via]}"


def _without_verdict(value: Any) -> Any:
    """Return an answer without what its verb says."""
    if isinstance(value, bool):
        return None
    is_object = isinstance(value, dict)
    return {name: one for name, one in value.items() if name != "approved"} if is_object else value


def _value_of(answer: bytes | None) -> tuple[bool, Any]:
    if answer is None:
        return False, None
    if len(answer) > LARGEST_SHOWN:
        return True, f"{len(answer):,} bytes"
    return True, shown_value(answer or b"null")
