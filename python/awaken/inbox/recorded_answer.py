"""What a visitor answered, as the journal has it: true whenever the page is opened, and no address can forge it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken.approvals import Answered, Via, read_verdict
from awaken.approvals.people import same_person
from awaken.control.operations import Failure
from awaken.control.questions import QuestionState

if TYPE_CHECKING:
    from awaken.approvals import ApprovalFacts
    from awaken.control.answering import AnswerOutcome
    from awaken.control.questions import Question
    from awaken.inbox.visitors import Visitor

__all__ = ["RecordedAnswer", "describe_result", "describe_verdict", "find_recorded_answer"]

_VERBS: Final = {True: "approved", False: "rejected", None: "answered"}


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """An answer that counts, in words."""

    #: What was answered, and by whom; a sentence.
    title: str
    #: What has come of the question; a sentence, or empty.
    progress: str
    #: In UTC milliseconds; None if that is not known.
    at_ms: int | None


def find_recorded_answer(question: Question, visitor: Visitor) -> RecordedAnswer | None:
    """Return the answer of a visitor; None if there is none.

    Of visitors whom nobody names, it is that of any of them. Of callbacks and plain awakeables, which keep no names, it
    is the first answer, whoever gave it.
    """
    if question.approval is None:
        first = question.first
        if question.state is not QuestionState.DECIDED or first is None:
            return None
        verb = "Rejected" if first.answer is None else "Answered"
        return RecordedAnswer(f"{verb}.", _describe_progress(question), first.at_ms)
    for one in question.tally.counted:
        if same_person(one.by, visitor.person) and (one.by is not None or one.via is Via.INBOX):
            verb = _verb_of(question.approval, one)
            title = f"{verb.capitalize()} from the inbox." if one.by is None else f"You {verb} this."
            return RecordedAnswer(title, _describe_progress(question), one.at_ms)
    return None


def describe_result(outcome: AnswerOutcome) -> str:
    """Return what has come of a question by an answer that was just given, as a sentence."""
    if outcome.missing and not outcome.is_decided:
        return _describe_missing(outcome.missing)
    return _describe_end(outcome.is_approved) if outcome.is_decided else ""


def describe_verdict(question: Question, result: bytes | Failure) -> tuple[str, str, str]:
    """Return what an answer that was just given says: a word, the state of its colour, and an icon."""
    if isinstance(result, Failure):
        verb = _VERBS[False]
    elif question.approval is None:
        verb = _VERBS[None]
    else:
        verb = _verb_of(question.approval, Answered(result))
    state, icon = ("rejected", "cross") if verb == _VERBS[False] else ("approved", "check")
    return verb.capitalize(), state, icon


def _verb_of(facts: ApprovalFacts, answered: Answered) -> str:
    if facts.verdict_field is None and answered.answer is not None:
        return _VERBS[None]  # each answer is a yes, and the type has no word for it
    return _VERBS[read_verdict(facts, answered)]


def _describe_progress(question: Question) -> str:
    """Return what has come of a question, as a sentence; empty if the page says it anyway."""
    if question.state is QuestionState.DECIDED:
        return _describe_end(question.tally.is_approved)
    return _describe_missing(question.missing) if question.missing else ""


def _describe_end(is_approved: bool | None) -> str:
    """Return how a question was decided, as a sentence; None of callbacks and plain awakeables."""
    return "This is decided." if is_approved is None else f"This is decided: {_VERBS[is_approved]}."


def _describe_missing(missing: int) -> str:
    """Return how many approvals are still needed, as a sentence."""
    return "One more approval is needed." if missing == 1 else f"{missing} more approvals are needed."
