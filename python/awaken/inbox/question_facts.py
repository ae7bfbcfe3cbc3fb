"""A question in words, and its form: what the page of one question and that of several share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken.approvals import describe_refusal, find_refusal
from awaken.callbacks.form_values import fill_form
from awaken.callbacks.forms import form_of
from awaken.control.answers import known_type, schema_of_answer
from awaken.control.questions import QuestionState
from awaken.inbox.answer_words import GivenAnswer
from awaken.outcomes import AwakeableOutcome, describe_outcome

if TYPE_CHECKING:
    from awaken.callbacks.fields import Form
    from awaken.control.questions import Question
    from awaken.inbox.visitors import Visitor

__all__ = ["AnswerForm", "describe_end", "describe_state", "given_answers", "reason_against"]

_NAMES: Final = {
    QuestionState.PENDING: ("Waiting for an answer", "waiting", "clock"),
    QuestionState.EXPIRED: ("Nobody answered in time", "failed", "clock"),
    QuestionState.INVOCATION_OVER: ("Nothing waits for it any more", "neutral", "stop"),
}


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """The form for the answer of a question."""

    #: The type of the answer; None for any JSON.
    annotation: Any
    form: Form

    @classmethod
    def of(cls, question: Question) -> AnswerForm:
        """Return it; of a type that is not known here, from the schema in the journal."""
        annotation = known_type(question.type_name)
        schema = schema_of_answer(annotation)
        if annotation is None and question.document is not None:
            schema = question.document.schema
        return cls(annotation, form_of(schema))

    def fill(self, question: Question) -> dict[str, str]:
        """Return what stands in its inputs at first."""
        initial = None if question.document is None else question.document.initial
        return fill_form(self.form.fields, initial)

    def blank(self) -> dict[str, str]:
        """Return what stands in them by the type alone."""
        return fill_form(self.form.fields)


def describe_state(question: Question) -> tuple[str, str, str]:
    """Return how a question stands: words, the state of their colour, and an icon."""
    if question.state is not QuestionState.DECIDED:
        return _NAMES[question.state]
    if question.approval is not None and question.tally.is_decided:
        return (
            ("Approved", "approved", "check")
            if question.tally.is_approved
            else ("Rejected", "rejected", "cross")
        )
    first = question.first
    is_rejected = first is not None and first.answer is None
    return ("Rejected", "rejected", "cross") if is_rejected else ("Answered", "approved", "check")


def given_answers(question: Question, *, shows_values: bool) -> list[GivenAnswer]:
    """Return the answers so far; of an approval those that count, with their values in any case."""
    given = question.answers if question.approval is None else question.tally.counted
    shown = [GivenAnswer.of(one, question.approval) for one in given]
    return shown if shows_values or question.approval is not None else [one.without_value() for one in shown]


def reason_against(question: Question, visitor: Visitor, now_ms: int) -> str:
    """Return why a visitor may not answer a question that is open; empty if the visitor may."""
    if question.approval is None:
        return ""
    refusal = find_refusal(question.approval, question.tally, visitor.person, visitor.groups, now_ms)
    return "" if refusal is None else f"{describe_refusal(refusal, visitor.person)}."


def describe_end(question: Question) -> str:
    """Return why a question that is not open takes no answer, as a sentence."""
    if question.state is QuestionState.DECIDED:
        return "It has a result already; the first one counts."
    if question.state is QuestionState.EXPIRED:
        return "Nobody answered before it expired, and the handler has gone on."
    return f"{describe_outcome(AwakeableOutcome.GONE, question.id)}."
