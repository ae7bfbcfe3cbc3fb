"""What became of an answer, or why a link does not work: as JSON for a program, as a page for a person."""

from __future__ import annotations

import contextlib
import json
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from awaken.approvals import Refusal, describe_refusal
from awaken.callbacks.question_view import AnswerView, QuestionView, describe_person
from awaken.control.answers import EncodedAnswerError, Problem
from awaken.control.errors import NotAllowedError, OperationError
from awaken.control.questions import QuestionState
from awaken.outcomes import AwakeableOutcome, describe_outcome
from awaken.pages.times import describe_moment, write_iso

if TYPE_CHECKING:
    from awaken.approvals import Answered
    from awaken.control.answering import AnswerOutcome
    from awaken.control.questions import Question
    from awaken.links import BadLinkError, Link

__all__ = [
    "Reply",
    "describe_end",
    "describe_waiting",
    "expired",
    "forged",
    "gone",
    "misfit",
    "refuse",
    "refused",
    "reply_to",
]

log = logging.getLogger("awaken")

#: Bytes of an answer that is told to somebody who came too late.
_LARGEST_TOLD: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What happened."""

    status: int
    title: str
    text: str = ""
    problems: tuple[Problem, ...] = ()
    #: What was asked.
    name: str = ""
    #: The state whose colour the page has.
    state: str = "neutral"
    #: Answers that the page shows.
    answers: tuple[AnswerView, ...] = ()
    #: Further facts for programs.
    outcome: dict[str, Any] | None = None
    #: The text for programs, if it says more than people need to know.
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        facts: dict[str, Any] = {
            "status": self.status,
            "title": self.title,
            "detail": self.detail or self.text,
        }
        if self.problems:
            facts["errors"] = [{"path": one.path, "message": one.message} for one in self.problems]
        if self.outcome is not None:
            facts["outcome"] = self.outcome
        return facts


def reply_to(outcome: AnswerOutcome, link: Link, title: str) -> Reply:
    """Return what became of an answer.

    Args:
        outcome: of `answer_question`.
        link: by which it came.
        title: of a page about an answer that was taken and decided nothing yet.
    """
    facts = _facts_of(outcome) if link.is_approval else None
    first = _first_of(outcome)
    if outcome.refusal is not None:
        return replace(refuse(outcome.refusal, link), answers=first, outcome=facts)
    match outcome.outcome:
        case AwakeableOutcome.APPLIED:
            return _applied(outcome, link, title, facts)
        case AwakeableOutcome.ACCEPTED:
            text = "The runtime accepted it, but did not report in time whether another answer was first."
            return Reply(202, title, text, (), link.name, "waiting", (), facts)
        case AwakeableOutcome.ALREADY_COMPLETED:
            text = "The first answer counts; this one was not used."
            return Reply(409, "There is an answer already", text, (), link.name, "neutral", first, facts)
    return gone(outcome.outcome or AwakeableOutcome.UNKNOWN, link)


def describe_end(question: Question, link: Link, now_ms: int) -> Reply | None:
    """Return what became of a question that waits no longer; None if it waits.

    Args:
        question: as its journal says.
        link: that was opened.
        now_ms: UTC milliseconds.
    """
    views, facts = tuple(QuestionView(link, question).answers), _state_of(question)
    match question.state:
        case QuestionState.DECIDED if question.approval is None:
            text = "The first answer counts."
            title = "There is an answer already"
            return Reply(409, title, text, (), question.title, "neutral", views, facts)
        case QuestionState.DECIDED:
            is_approved = question.tally.is_approved
            title = "This was approved" if is_approved else "This was rejected"
            state = "approved" if is_approved else "rejected"
            return Reply(409, title, "", (), question.title, state, views, facts)
        case QuestionState.EXPIRED:
            end = describe_moment(question.expires_at_ms or link.expires_at_ms, now_ms)
            text = f"It was open until {end}, and not decided by then."
            return Reply(410, "This has expired", text, (), question.title, "neutral", views, facts)
        case QuestionState.INVOCATION_OVER:
            return gone(AwakeableOutcome.GONE, link)
    return None


def describe_waiting(question: Question | None, link: Link) -> Reply:
    """Return for a program that a question waits; the question is None if the runtime could not be asked for it."""
    view = QuestionView(link, question)
    facts = None if question is None else _state_of(question)
    return Reply(200, view.title, view.rule, name=view.title, state="waiting", outcome=facts)


def expired(link: Link, now_ms: int) -> Reply:
    """Return that a link is no longer open, by the clock of this process in UTC milliseconds."""
    text = f"It was open until {describe_moment(link.expires_at_ms, now_ms)}."
    return Reply(410, "This link has expired", text, name=link.name)


def refuse(refusal: Refusal, link: Link) -> Reply:
    """Return why a person may not answer an approval."""
    who = describe_person(link.person or None)
    text = f"{describe_refusal(refusal, who)}."
    if who != link.person:  # a name stays as it is written
        text = text[0].upper() + text[1:]
    if refusal is Refusal.DECIDED:
        return Reply(409, "There is an answer already", text, name=link.name)
    if refusal is Refusal.TWICE:
        return Reply(409, "You have answered already", text, name=link.name)
    return Reply(403, "You cannot answer this", text, name=link.name, state="failed")


def gone(outcome: AwakeableOutcome, link: Link) -> Reply:
    """Return that nothing waits for an answer."""
    detail = f"{describe_outcome(outcome, link.awakeable_id)}."
    is_over = outcome is AwakeableOutcome.GONE
    text = f"{'This was withdrawn: nobody' if is_over else 'Nobody'} waits for an answer any more."
    return Reply(410, "Nothing waits for this any more", text, name=link.name, detail=detail)


def forged(error: BadLinkError) -> Reply:
    """Return that the address is not one that was signed here."""
    text = "It was cut or changed on its way, or is too old. Open the whole address from the message."
    return Reply(401, "This link is not valid", text, state="failed", detail=f"{error}.")


def refused(error: OperationError | LookupError) -> Reply:
    """Return that links cannot be served here."""
    if isinstance(error, NotAllowedError):
        # It names addresses and settings, which are nothing for visitors.
        log.error("a link was opened, and cannot be served: %s", error)
        text = "The runtime asks this page for a token; see the log."
        return Reply(error.http_status, "This link cannot be served here", text, state="failed")
    status = error.http_status if isinstance(error, EncodedAnswerError) else 500
    return Reply(status, "This link cannot be served here", f"{error}.", state="failed")


def misfit(problems: tuple[Problem, ...]) -> Reply:
    """Return that an answer is not of its type."""
    return Reply(
        422, "The answer does not fit", "Nothing was changed; send it again.", problems, state="failed"
    )


def _applied(outcome: AnswerOutcome, link: Link, title: str, facts: dict[str, Any] | None) -> Reply:
    text, state = "You can close this page.", "approved"
    if outcome.missing:
        more = "1 more approval is" if outcome.missing == 1 else f"{outcome.missing} more approvals are"
        text, state = f"{more} needed until this is decided. {text}", "waiting"
    elif outcome.is_approved is not None:
        state = "approved" if outcome.is_approved else "rejected"
        title = f"Thank you, this is {state} now"
    return Reply(200, title, text, (), link.name, state, (), facts)


def _first_of(outcome: AnswerOutcome) -> tuple[AnswerView, ...]:
    if outcome.first is None:
        return ()
    if outcome.is_approved is None:
        return (AnswerView.of(outcome.first, None),)
    return (AnswerView.of_approval(outcome.first, is_yes=outcome.is_approved, field="approved"),)


def _facts_of(outcome: AnswerOutcome) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "is_decided": outcome.is_decided,
        "is_approved": outcome.is_approved,
        "missing": outcome.missing,
    }
    if outcome.first is not None:
        facts["first"] = _answer_facts(outcome.first)
    return facts


def _state_of(question: Question) -> dict[str, Any]:
    """Return how a question stands, with the answers that count so far."""
    is_decided = question.state is QuestionState.DECIDED
    if question.approval is None:
        return {"is_decided": is_decided, "answers": [_answer_facts(one) for one in question.answers]}
    return {
        "is_decided": is_decided,
        "is_approved": question.tally.is_approved,
        "missing": question.missing,
        "answers": [_answer_facts(one) for one in question.tally.counted],
    }


def _answer_facts(answered: Answered) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "by": answered.by,
        "at": None if answered.at_ms is None else write_iso(answered.at_ms),
        "via": answered.via.value,
    }
    if answered.rejection is not None:
        facts["rejection"] = answered.rejection
    elif answered.answer is not None and len(answered.answer) <= _LARGEST_TOLD:
        with contextlib.suppress(ValueError, RecursionError):  # of types that are not JSON
            facts["answer"] = json.loads(answered.answer or b"null")
    return facts
