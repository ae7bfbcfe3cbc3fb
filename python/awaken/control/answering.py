"""Answering a question with a name: who may, what it means, and who was first.

A door completes the first awakeable of an approval that has no result. So exactly one of two answers at once gets it;
the other one is judged again, beside what is there now. Answers of one process to one invocation go one by one.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from awaken.approvals import (
    Answered,
    Refusal,
    Tally,
    Via,
    describe_refusal,
    find_refusal,
    read_verdict,
    tally,
    write_answered,
)
from awaken.approvals.facts import WHOLE
from awaken.approvals.people import is_among
from awaken.client.awakeable_id import check_awakeable_id
from awaken.control.answers import (
    EncodedAnswerError,
    InvalidAnswerError,
    Problem,
    check_answer,
    decode_answer,
    encode_answer,
    known_type,
)
from awaken.control.completing import check_failure, complete_awakeable
from awaken.control.errors import InvalidRequestError, OperationError, UnavailableError
from awaken.control.one_by_one import OneByOne
from awaken.control.operations import Failure
from awaken.control.questions import QuestionState, find_question
from awaken.outcomes import AwakeableOutcome, completion_name, describe_outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.approvals import ApprovalFacts
    from awaken.control.operations import AnswerRules, Operations
    from awaken.control.questions import Question

__all__ = ["AnswerOutcome", "Answerer", "answer_question"]

#: How often an answer that others overtook is judged again.
_ROUNDS: Final = 100
#: Milliseconds before an approval expires in which an answer may be stored behind its end.
_NEAR_MS: Final = 10_000
#: Seconds between looks for an approval that a link names and the journal does not have yet.
_PAUSES_SECONDS: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
_ARRIVED: Final = (AwakeableOutcome.APPLIED, AwakeableOutcome.ACCEPTED)
_turns: Final = OneByOne()


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers, as far as the door knows."""

    #: None for somebody unknown.
    person: str | None
    #: That the person belongs to.
    groups: tuple[str, ...]
    via: Via
    #: By the clock of the door, in UTC milliseconds.
    now_ms: int
    #: Of which interface, if `via` is API; counted, not stored.
    interface: str = "ingress"

    @property
    def door(self) -> str:
        """What the answer is counted under."""
        return self.interface if self.via is Via.API else self.via.value

    @classmethod
    def of_api(cls, now_ms: int | None = None, *, interface: str = "ingress") -> Self:
        """Return somebody unknown, who answers by a runtime's interface."""
        return cls(None, (), Via.API, time.time_ns() // 1_000_000 if now_ms is None else now_ms, interface)


@dataclass(frozen=True, slots=True)
class AnswerOutcome:
    """What became of an answer."""

    #: None if it was refused, and nothing was sent.
    outcome: AwakeableOutcome | None
    #: Why it does not count.
    refusal: Refusal | None = None
    #: The answer that decided, or was first; None if that is open, or not known.
    first: Answered | None = None
    #: Whether no further answer counts.
    is_decided: bool = False
    #: Whether an approval was approved; None while that is open, and of callbacks.
    is_approved: bool | None = None
    #: Approvals that are still missing.
    missing: int = 0

    @property
    def is_applied(self) -> bool:
        """Whether the handler gets this answer, as far as that is known."""
        return self.outcome in _ARRIVED

    def count_name(self, *, is_rejection: bool) -> str:
        """Return what to count the answer as."""
        if self.refusal is not None:
            return "already_completed" if self.refusal is Refusal.DECIDED else "refused"
        return completion_name(self.outcome or AwakeableOutcome.ALREADY_COMPLETED, is_rejection=is_rejection)

    def describe(self, awakeable_id: str, person: str | None = None) -> str:
        """Return what happened for people, a sentence without a full stop."""
        if self.refusal is not None:
            text = describe_refusal(self.refusal, person)
            return text if self.first is None else f"{text}, by {self.first.by or 'somebody unknown'}"
        if self.missing and self.is_applied:
            approvals = "approval is" if self.missing == 1 else "approvals are"
            return f"{awakeable_id} has this answer, and {self.missing} more {approvals} missing"
        return describe_outcome(self.outcome or AwakeableOutcome.ALREADY_COMPLETED, awakeable_id)


async def answer_question(
    operations: Operations,
    awakeable_id: str,
    result: bytes | Failure,
    answerer: Answerer,
    *,
    is_encoded: bool = False,
    is_approval: bool = False,
) -> AnswerOutcome:
    """Answer a plain awakeable, a callback or an approval.

    Args:
        operations: the runtime.
        awakeable_id: of the question; of an approval, that of any slot.
        result: the answer as its type writes it, usually JSON; or a failure with the reason of a rejection.
        answerer: who answers. Plain awakeables and callbacks do not keep it.
        is_encoded: whether the answer went through the journal value codec of the handler's application already.
        is_approval: whether it is known to be an approval, as a link says it. Somebody may answer before the journal
            does.

    Raises:
        InvalidIdError: the id is malformed or names no awakeable; nothing was sent.
        InvalidAnswerError: the answer is not of the type that the handler declared; nothing was sent.
        EncodedAnswerError: the answer has to be encoded, and this process does not have the codec; nothing was sent.
        InvalidRequestError: the failure has a code or metadata; nothing was sent.
        OperationError: the runtime refused it, or cannot be reached.
    """
    count: Callable[[str, str], None] | None = getattr(operations, "on_completion", None)
    if count is None:
        return await _answer(operations, awakeable_id, result, answerer, is_encoded, is_approval)
    try:
        told = await _answer(operations, awakeable_id, result, answerer, is_encoded, is_approval)
    except (ValueError, InvalidRequestError):
        count(answerer.door, "invalid")
        raise
    count(answerer.door, told.count_name(is_rejection=isinstance(result, Failure)))
    return told


async def _answer(
    operations: Operations,
    awakeable_id: str,
    result: bytes | Failure,
    answerer: Answerer,
    is_encoded: bool,
    is_approval: bool,
) -> AnswerOutcome:
    parsed = check_awakeable_id(awakeable_id)
    rules = await _find_rules(operations, awakeable_id, is_approval=is_approval)
    if rules.approval is None:
        outcome = await complete_awakeable(operations, awakeable_id, rules, result, is_encoded=is_encoded)
        return await _tell_completion(operations, awakeable_id, outcome)
    if isinstance(result, Failure):
        check_failure(result)
    answering = _Answering(operations, awakeable_id, rules, answerer)
    async with _turns.turn((id(operations), parsed.invocation_id)):
        for _ in range(_ROUNDS):
            found = await answering.answer(result, is_encoded=is_encoded)
            if found is not None:
                return found
    raise UnavailableError(f"others answered {_ROUNDS} times before this answer arrived; try again")


async def _find_rules(operations: Operations, awakeable_id: str, *, is_approval: bool) -> AnswerRules:
    """Return the rules of an awakeable; of an approval that was handed out this very moment, once it is stored."""
    rules = await operations.answer_rules(awakeable_id)
    for pause_s in _PAUSES_SECONDS:
        if rules.approval is not None or not is_approval:
            return rules
        await asyncio.sleep(pause_s)
        rules = await operations.answer_rules(awakeable_id)
    if (
        rules.approval is None
        and (await find_question(operations, awakeable_id)).state is QuestionState.PENDING
    ):
        raise UnavailableError(
            f"the runtime does not have the approval of {awakeable_id} yet, or cannot be asked; answer again later"
        )
    return rules


async def _tell_completion(
    operations: Operations, awakeable_id: str, outcome: AwakeableOutcome
) -> AnswerOutcome:
    """Return what became of a callback or plain awakeable."""
    if outcome is not AwakeableOutcome.ALREADY_COMPLETED:
        return AnswerOutcome(outcome, is_decided=outcome is AwakeableOutcome.APPLIED)
    try:
        first = (await find_question(operations, awakeable_id)).first
    except (OperationError, ValueError):  # its journal may be gone already, or no admin API is known
        first = None
    return AnswerOutcome(outcome, first=first, is_decided=True)


@dataclass(frozen=True, slots=True)
class _Answering:
    """One answer to an approval."""

    operations: Operations
    awakeable_id: str
    rules: AnswerRules
    answerer: Answerer

    async def answer(self, result: bytes | Failure, *, is_encoded: bool) -> AnswerOutcome | None:
        """Give the answer; return None if another one took its place."""
        question = await find_question(self.operations, self.awakeable_id)
        facts = question.approval
        if facts is None:  # the journal was deleted in the meantime
            return AnswerOutcome(AwakeableOutcome.GONE)
        if question.state is QuestionState.DECIDED:
            return _describe(facts, question.tally, refusal=Refusal.DECIDED)
        if question.state is not QuestionState.PENDING:
            return AnswerOutcome(AwakeableOutcome.GONE)
        if question.open_id is None:
            return AnswerOutcome(AwakeableOutcome.ALREADY_COMPLETED, missing=question.missing)
        if self.rules.is_encoded and self.rules.codec is None:
            return await self._answer_unread(question.open_id, result, is_encoded=is_encoded)
        who = self.answerer
        refusal = find_refusal(facts, question.tally, who.person, who.groups, who.now_ms)
        if refusal is not None:
            return _describe(facts, question.tally, refusal=refusal)
        answered = await self._check(facts, question, result, is_encoded=is_encoded)
        value = await encode_answer(self.rules, _write(answered))
        outcome = await self.operations.resolve_awakeable(question.open_id, value)
        if outcome is AwakeableOutcome.ALREADY_COMPLETED:
            return None
        if outcome not in _ARRIVED or await self._came_too_late(question):
            return AnswerOutcome(outcome if outcome not in _ARRIVED else AwakeableOutcome.GONE)
        if len(question.answers) > question.tally.used:  # a raw interface has filled slots behind this one
            return _describe(facts, (await find_question(self.operations, self.awakeable_id)).tally, outcome)
        return _describe(facts, tally(facts, [*question.tally.counted, answered]), outcome)

    async def _answer_unread(
        self, open_id: str, result: bytes | Failure, *, is_encoded: bool
    ) -> AnswerOutcome | None:
        """Give an answer where the others cannot be read, and who answers cannot be written."""
        if self.answerer.person is not None or not (is_encoded or isinstance(result, Failure)):
            raise EncodedAnswerError
        if isinstance(result, Failure):
            outcome = await self.operations.reject_awakeable(open_id, result)
        else:
            outcome = await self.operations.resolve_awakeable(open_id, result)
        return None if outcome is AwakeableOutcome.ALREADY_COMPLETED else AnswerOutcome(outcome)

    async def _check(
        self, facts: ApprovalFacts, question: Question, result: bytes | Failure, *, is_encoded: bool
    ) -> Answered:
        """Return an answer that fits its type, and says yes or no. Raises InvalidAnswerError."""
        who = self.answerer
        named = (*facts.people(), *facts.not_by)
        # A directory may know hundreds of groups.
        groups = tuple(one for one in who.groups if is_among(None, [one], named))
        by = (who.person, groups, who.now_ms, who.via)
        if isinstance(result, Failure):
            return Answered(None, result.message, *by)
        if is_encoded:
            result = await decode_answer(self.rules, result)
        check_answer(result, None)
        check_answer(result, known_type(self.rules.type_name), question.schema)
        answered = Answered(result, None, *by)
        if read_verdict(facts, answered) is None:
            field = facts.verdict_field
            path = "$" if field in (None, WHOLE) else f"$.{field}"
            raise InvalidAnswerError([Problem(path, "it says neither yes nor no; give true or false")])
        return answered

    async def _came_too_late(self, question: Question) -> bool:
        """Whether an answer that was stored when the approval was about to expire is behind its end."""
        if question.expires_at_ms is None or question.expires_at_ms - self.answerer.now_ms > _NEAR_MS:
            return False
        return (await find_question(self.operations, self.awakeable_id)).state is QuestionState.EXPIRED


def _write(answered: Answered) -> bytes:
    try:
        return write_answered(answered, secrets.token_urlsafe(9))
    except ValueError as error:
        raise InvalidAnswerError([Problem("$", f"this is not JSON: {error}")]) from error


def _describe(
    facts: ApprovalFacts,
    so_far: Tally,
    outcome: AwakeableOutcome | None = None,
    *,
    refusal: Refusal | None = None,
) -> AnswerOutcome:
    return AnswerOutcome(
        outcome,
        refusal,
        so_far.decisive,
        is_decided=so_far.is_decided,
        is_approved=so_far.is_approved,
        missing=0 if so_far.is_decided else facts.quorum - so_far.approvals,
    )
