"""What the answers of an approval come to, as the handler and the people get it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from awaken.approvals import Answered, Approval, Tally, Verdict, VerdictAnswer, Via, approves
from awaken.approvals.verdict import moment_of
from awaken.context.question import written_answer
from awaken.errors import DeadlineError, TerminalError
from awaken.serde.default import DefaultSerde

if TYPE_CHECKING:
    from awaken.context.approving.plan import Plan

__all__ = ["decided_verdict", "describe_outcome", "expired_outcome", "expired_verdict", "read_answer"]


def read_answer(answered: Answered, annotation: Any) -> Any:
    """Return the answer as a value of its type; None if it was rejected without one.

    Raises:
        SerdeError: it is of another type.
    """
    if answered.answer is not None:
        return DefaultSerde(annotation).deserialize(answered.answer or b"null")
    return Approval(False, answered.rejection or "") if annotation is Approval else None


def decided_verdict(plan: Plan, result: Tally, decisive: Answered, annotation: Any) -> Verdict[Any]:
    """Return what the handler gets for a decision, and the answer that decided.

    Raises:
        TerminalError: a rejection decided that has no answer.
    """
    answers = tuple(_answer_of(one, annotation) for one in result.counted)
    if decisive.answer is None and annotation is not Approval:
        who = decisive.by or "somebody unknown"
        reason = f": {decisive.rejection}" if decisive.rejection else ""
        raise TerminalError(f'{who} rejected "{plan.description.name}"{reason}')
    return Verdict(
        bool(result.is_approved), answers[-1].answer, decisive.by, answers[-1].at, decisive.via, answers
    )


def expired_verdict(
    plan: Plan, result: Tally, annotation: Any, on_expiry: Any, expires_at_ms: int
) -> Verdict[Any]:
    """Return what the handler gets if nobody decided in time.

    Raises:
        DeadlineError: it has no answer for that.
    """
    at = moment_of(expires_at_ms)
    if on_expiry is None:
        so_far = f": {result.approvals} of {plan.facts.quorum} approvals" if result.counted else ""
        raise DeadlineError(f'approval "{plan.description.name}" was not decided before {at:%c} UTC{so_far}')
    written = written_answer(on_expiry, annotation, "on_expiry of ctx.approve")
    is_approved = approves(plan.facts, Answered(written))
    answers = tuple(_answer_of(one, annotation) for one in result.counted)
    return Verdict(is_approved, on_expiry, None, at, Via.EXPIRY, answers)


def describe_outcome(result: Tally, decisive: Answered) -> dict[str, Any]:
    """Return a decision for messages, as `ApprovalMessage.outcome` describes it."""
    facts = {
        "is_approved": result.is_approved,
        "by": decisive.by,
        "at_ms": decisive.at_ms,
        "via": decisive.via.value,
        "comment": _comment_of(decisive),
    }
    return {name: value for name, value in facts.items() if value is not None}


def expired_outcome(expires_at_ms: int) -> dict[str, Any]:
    """Return for messages that nobody decided in time."""
    return {"at_ms": expires_at_ms, "via": Via.EXPIRY.value}


def _answer_of(answered: Answered, annotation: Any) -> VerdictAnswer[Any]:
    return VerdictAnswer(
        read_answer(answered, annotation),
        answered.by,
        moment_of(answered.at_ms),
        answered.via,
        answered.rejection or "",
    )


def _comment_of(answered: Answered) -> str | None:
    if answered.answer is None:
        return answered.rejection or None
    try:
        value = json.loads(answered.answer or b"null")
    except (ValueError, RecursionError):
        return None
    comment = value.get("comment") if isinstance(value, dict) else None
    return comment if isinstance(comment, str) and comment else None
