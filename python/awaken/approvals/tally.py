"""Which answers count, and what they decide. Doors and handlers ask the same questions of the same answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from awaken.approvals.facts import WHOLE
from awaken.approvals.people import find_among, is_among, is_group, same_person

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from awaken.approvals.answered import Answered
    from awaken.approvals.facts import ApprovalFacts

__all__ = ["Refusal", "Tally", "approves", "describe_refusal", "find_refusal", "read_verdict", "tally"]


class Refusal(Enum):
    """Why an answer does not count."""

    NOT_ASKED = "not asked"
    NOT_YET = "not yet"
    EXCLUDED = "excluded"
    TWICE = "twice"
    DECIDED = "decided"


_TEXTS: Final = {
    Refusal.NOT_ASKED: "{person} was not asked to answer this",
    Refusal.NOT_YET: "{person} may answer this only when nobody else has done so in time",
    Refusal.EXCLUDED: "{person} may not answer this: it needs somebody else",
    Refusal.TWICE: "{person} has answered already, by name or for a group; the first answer counts",
    Refusal.DECIDED: "this is decided already",
}


@dataclass(frozen=True, slots=True)
class Tally:
    """What the answers so far have come to."""

    #: Answers that count, in order. The last one decided, if it is decided.
    counted: tuple[Answered, ...] = ()
    approvals: int = 0
    rejections: int = 0
    #: Whether it was approved; None while that is open.
    is_approved: bool | None = None
    #: How many answers were looked at until it was decided, or all of them.
    used: int = 0

    @property
    def is_decided(self) -> bool:
        """Whether no further answer counts."""
        return self.is_approved is not None

    @property
    def decisive(self) -> Answered | None:
        """The answer that decided."""
        return self.counted[-1] if self.is_decided else None


def tally(facts: ApprovalFacts, answers: Iterable[Answered]) -> Tally:
    """Count answers in the order of their slots. Those of people who may not answer, or have already, do not count.

    Nor do values that say neither yes nor no, such as a text where an object has to be: no door accepts them, but the
    ingress of a Restate server resolves an awakeable with any value.

    Whether an escalation had begun is for doors to say: when it begins, and when an answer was given, are moments of
    different clocks.
    """
    counted: list[Answered] = []
    approvals = rejections = used = 0
    for one in answers:
        used += 1
        is_yes = read_verdict(facts, one)
        if is_yes is None or _refusal(facts, counted, one.by, one.groups, None) is not None:
            continue
        counted.append(one)
        if is_yes:
            approvals += 1
        else:
            rejections += 1
        if approvals >= facts.quorum or rejections >= facts.rejections:
            return Tally(tuple(counted), approvals, rejections, approvals >= facts.quorum, used)
    return Tally(tuple(counted), approvals, rejections, None, used)


def approves(facts: ApprovalFacts, answered: Answered) -> bool:
    """Return whether an answer means yes. What says neither yes nor no does not."""
    return read_verdict(facts, answered) is True


def read_verdict(facts: ApprovalFacts, answered: Answered) -> bool | None:
    """Return whether an answer means yes or no; None if it says neither, so that it is no answer at all."""
    if answered.answer is None:
        return False
    if facts.verdict_field is None:
        return True
    try:
        value = json.loads(answered.answer or b"null")
    except (ValueError, RecursionError):
        return None
    if facts.verdict_field != WHOLE:
        if not isinstance(value, dict):
            return None
        value = value.get(facts.verdict_field, facts.verdict_default)
    return value if isinstance(value, bool) else None


def find_refusal(
    facts: ApprovalFacts, so_far: Tally, person: str | None, groups: Sequence[str], now_ms: int
) -> Refusal | None:
    """Return why an answer that a person is about to give would not count; None if it would.

    Args:
        facts: of the approval.
        so_far: the answers that are there.
        person: who; None if that is not known, which the caller has to allow.
        groups: that the person belongs to.
        now_ms: by the clock of the door, in UTC milliseconds.
    """
    if so_far.is_decided:
        return Refusal.DECIDED
    return _refusal(facts, so_far.counted, person, groups, now_ms)


def describe_refusal(refusal: Refusal, person: str | None) -> str:
    """Return the reason for people, a sentence without a full stop."""
    text = _TEXTS[refusal].format(person=person or "somebody unknown")
    return text[0].upper() + text[1:] if person is None or refusal is Refusal.DECIDED else text


def _refusal(
    facts: ApprovalFacts,
    counted: Sequence[Answered],
    person: str | None,
    groups: Sequence[str],
    now_ms: int | None,
) -> Refusal | None:
    if is_among(person, groups, facts.not_by):
        return Refusal.EXCLUDED
    if any(_may_be_one(person, groups, one) for one in counted):
        return Refusal.TWICE
    if person is not None and facts.approvers:
        if find_among(person, groups, facts.people()) is None:
            return Refusal.NOT_ASKED
        if now_ms is not None and find_among(person, groups, facts.people(now_ms)) is None:
            return Refusal.NOT_YET
    return None


def _may_be_one(person: str | None, groups: Sequence[str], other: Answered) -> bool:
    """Return whether a person may have given another answer: a group that answers may be any of its members."""
    if same_person(person, other.by):
        return True
    if other.by is not None and is_group(other.by):
        return is_among(person, groups, [other.by])
    return person is not None and is_group(person) and is_among(other.by, other.groups, [person])
