"""What the journal says of an approval in the open, beside the name, type and labels that every callback has.

It stands in the entry name of the approval's timer, so lists of what waits need no value of a journal. What only a
reader with the journal value codec may see is in the document (`awaken.approvals.document`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken.approvals.people import find_among

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST_SLOTS", "ApprovalFacts", "Escalation"]

#: Answers that an approval has room for.
MOST_SLOTS: Final = 1000
#: The type of a whole answer that is a yes or a no.
WHOLE: Final = "$"


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is asked as well, from when on."""

    #: UTC milliseconds.
    at_ms: int
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """How an approval is decided.

    An approval has several awakeables in a row, its slots. Each takes one answer: a door completes the first one that
    has none, so the order of the slots is the order of the answers, on every runtime and through every door.
    """

    #: How many awakeables it has, from the first on. Their signals have indexes in a row.
    slots: int
    #: Approvals that decide it, and rejections that do.
    quorum: int = 1
    rejections: int = 1
    #: The field of the answer that says yes or no; `$` if the whole answer does, None if each answer means yes.
    verdict_field: str | None = None
    #: What an answer without that field means, if its type has a default; None if it has to be there.
    verdict_default: bool | None = None
    #: People and groups who may answer, in the order in which they were given; nobody stands for everybody.
    approvers: tuple[str, ...] = ()
    not_by: tuple[str, ...] = ()
    escalations: tuple[Escalation, ...] = ()

    def people(self, now_ms: int | None = None) -> tuple[str, ...]:
        """Return who may answer; with those of escalations that have begun, of all if no time is given."""
        if not self.approvers:
            return ()
        names = list(self.approvers)
        for one in self.escalations:
            if now_ms is None or one.at_ms <= now_ms:
                names += (name for name in one.people if find_among(name, (), names) is None)
        return tuple(names)

    def write(self) -> dict[str, Any]:
        """Return the facts as JSON values, without those that are as usual."""
        facts: dict[str, Any] = {"slots": self.slots}
        usual = ApprovalFacts(self.slots)
        for name in ("quorum", "rejections", "verdict_field", "verdict_default"):
            if getattr(self, name) != getattr(usual, name):
                facts[name] = getattr(self, name)
        for name in ("approvers", "not_by"):
            if getattr(self, name):
                facts[name] = list(getattr(self, name))
        if self.escalations:
            facts["escalations"] = [[one.at_ms, *one.people] for one in self.escalations]
        return facts

    @classmethod
    def read(cls, facts: object) -> ApprovalFacts | None:
        """Read what `write` returned; None if it is something else, as any endpoint may write it."""
        try:
            return cls._read(facts) if isinstance(facts, dict) else None
        except (TypeError, ValueError):
            return None

    @classmethod
    def _read(cls, facts: Mapping[str, Any]) -> ApprovalFacts:
        field, default = facts.get("verdict_field"), facts.get("verdict_default")
        if not isinstance(default, bool | None):
            raise TypeError(f"{default!r} is neither yes nor no")
        return cls(
            _count(facts.get("slots")),
            _count(facts.get("quorum", 1)),
            _count(facts.get("rejections", 1)),
            None if field is None else _text(field),
            default,
            tuple(map(_text, facts.get("approvers", ()))),
            tuple(map(_text, facts.get("not_by", ()))),
            tuple(
                Escalation(_moment(at_ms), tuple(map(_text, people)))
                for at_ms, *people in facts.get("escalations", ())
            ),
        )


def _count(value: object) -> int:
    if type(value) is not int or not 1 <= value <= MOST_SLOTS:
        raise ValueError(f"{value!r} is not a count")
    return value


def _moment(value: object) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is not a moment")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    value.encode()  # half of a surrogate pair fits into no page
    return value
