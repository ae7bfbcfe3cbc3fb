"""A question and its answers as the pages of links show them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken.approvals import Via, approves
from awaken.approvals.people import GROUP

if TYPE_CHECKING:
    from awaken.approvals import Answered, ApprovalFacts
    from awaken.control.operations import Target
    from awaken.control.questions import Question
    from awaken.links import Link

__all__ = ["AnswerView", "QuestionView", "describe_person", "describe_rule"]

#: Bytes of an answer that a page shows as a table; a larger one is only mentioned.
_LARGEST_SHOWN: Final = 64 * 1024
_DOORS: Final = {
    Via.LINK: "by a link",
    Via.INBOX: "in the inbox",
    Via.SLACK: "in Slack",
    Via.API: "through the API",
    Via.EXPIRY: "because nobody answered in time",
}


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer: who gave it, when, how, and what it says."""

    who: str
    #: approved, rejected or answered.
    verb: str
    at_ms: int | None = None
    via: str = ""
    reason: str = ""
    has_value: bool = False
    value: Any = None

    @property
    def state(self) -> str:
        """The state whose colour it has."""
        return {"Approved": "approved", "Rejected": "rejected"}.get(self.verb, "neutral")

    @property
    def icon(self) -> str:
        """The icon beside the verb."""
        return {"Approved": "check", "Rejected": "cross"}.get(self.verb, "check")

    @classmethod
    def of(cls, answered: Answered, approval: ApprovalFacts | None) -> AnswerView:
        """Return how an answer to an approval is shown; or to a callback, which does not know who gave it."""
        if approval is not None:
            return cls.of_approval(
                answered, is_yes=approves(approval, answered), field=approval.verdict_field
            )
        has_value, value = _value_of(answered.answer)
        verb = "Rejected" if answered.answer is None else "Answered"
        return cls("", verb, answered.at_ms, "", answered.rejection or "", has_value, value)

    @classmethod
    def of_approval(cls, answered: Answered, *, is_yes: bool, field: str | None = None) -> AnswerView:
        """Return how an answer to an approval is shown.

        Args:
            answered: the answer.
            is_yes: what it means.
            field: what says so in the answer, which is not repeated.
        """
        has_value, value = _value_of(answered.answer)
        if isinstance(value, dict) and isinstance(value.get(field), bool):
            value = {name: one for name, one in value.items() if name != field}
        return cls(
            f"by {describe_person(answered.by)}",
            "Approved" if is_yes else "Rejected",
            answered.at_ms,
            _DOORS[answered.via],
            answered.rejection or "",
            has_value and not isinstance(value, bool) and value != {},  # the verb says it
            value,
        )


@dataclass(frozen=True, slots=True)
class QuestionView:
    """What a link asks, from the link itself and, if the runtime could be asked, from the journal."""

    link: Link
    question: Question | None

    @property
    def title(self) -> str:
        """The question."""
        return self.question.title if self.question and self.question.is_callback else self.link.name

    @property
    def details(self) -> str:
        """Markdown."""
        return self._document.details if self._document else ""

    @property
    def data(self) -> Any:
        """Facts for a table."""
        return self._document.data if self._document else None

    @property
    def has_data(self) -> bool:
        """Whether there are facts."""
        return self.data not in (None, "", [], {})

    @property
    def is_hidden(self) -> bool:
        """Whether there are details that this process cannot read."""
        return self.question is not None and self.question.is_document_hidden

    @property
    def asks(self) -> str:
        """Who asks: service and key; empty if that is not known."""
        return "" if self.question is None else _describe_target(self.question.target)

    @property
    def person(self) -> str:
        """Whom the link was made for; empty if for nobody in particular."""
        return describe_person(self.link.person) if self.link.person else ""

    @property
    def since_ms(self) -> int | None:
        """Since when it waits."""
        return None if self.question is None else self.question.since_ms

    @property
    def expires_at_ms(self) -> int:
        """Until when the link works."""
        return self.link.expires_at_ms

    @property
    def progress(self) -> str:
        """How many have approved, if one is not enough."""
        facts = self._approval
        if facts is None or self.question is None or facts.quorum < 2:
            return ""
        return f"{self.question.tally.approvals} of {facts.quorum} have approved"

    @property
    def rule(self) -> str:
        """What makes an answer count."""
        return describe_rule(self._approval)

    @property
    def answers(self) -> list[AnswerView]:
        """Answers so far; of an approval those that count."""
        if self.question is None:
            return []
        approval = self.question.approval
        given = self.question.answers if approval is None else self.question.tally.counted
        return [AnswerView.of(one, approval) for one in given]

    @property
    def _approval(self) -> ApprovalFacts | None:
        return None if self.question is None else self.question.approval

    @property
    def _document(self) -> Any:
        return None if self.question is None else self.question.document


def describe_rule(facts: ApprovalFacts | None) -> str:
    """Return what makes an answer count, as a sentence. Of callbacks and plain awakeables there are no facts."""
    if facts is None or (facts.quorum, facts.rejections) == (1, 1):
        return "The first answer counts."
    ends = "one rejection ends it" if facts.rejections == 1 else f"{facts.rejections} rejections end it"
    needed = "one approval" if facts.quorum == 1 else f"{facts.quorum} approvals"
    return f"It takes {needed}, and {ends}."


def describe_person(person: str | None) -> str:
    """Return a person or a group for people."""
    if person is None:
        return "somebody unknown"
    return f"the group {person.removeprefix(GROUP)}" if person.startswith(GROUP) else person


def _describe_target(target: Target) -> str:
    return f"{target.service} / {target.key}" if target.key else target.service


def _value_of(answer: bytes | None) -> tuple[bool, Any]:
    if answer is None:
        return False, None
    if len(answer) > _LARGEST_SHOWN:
        return True, f"{len(answer)} bytes"
    try:
        return True, json.loads(answer or b"null")
    except (ValueError, RecursionError):
        return True, f"{len(answer)} bytes that are not JSON"
