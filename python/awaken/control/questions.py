"""One question as doors show it: what is asked, of whom, what was answered so far, and what came of it.

A question is a plain awakeable, a callback or an approval. Everything is read from its journal, of any runtime.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.approvals import Answered, Tally, read_answered, tally
from awaken.client.awakeable_id import check_awakeable_id
from awaken.control.answers import InvalidAnswerError, check_answer, known_type
from awaken.control.errors import NotFoundError
from awaken.control.journal_results import read_results, signal_of
from awaken.control.operations import Failure
from awaken.control.question_documents import FoundDocument, decode_value, read_documents
from awaken.control.reads import find_invocation, find_timer, is_invocation, list_awakeables, target_of
from awaken.control.sql import select
from awaken.outcomes import LAST_AWAKEABLE, AwakeableOutcome, describe_outcome
from awaken.timing.timestamps import read_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.approvals import ApprovalDocument, ApprovalFacts
    from awaken.control.describing_timers import DescribingTimer
    from awaken.control.operations import Operations, Target

__all__ = ["Question", "QuestionState", "find_question"]

_COLUMNS: Final = ("id", "target_service_name", "target_service_key", "target_handler_name", "status")
_ENTRY_COLUMNS: Final = ("id", '"index"', "entry_type", "entry_lite_json", "raw_length", "appended_at")
#: No answer.
_NOTHING: Final = Tally()


class QuestionState(Enum):
    """How a question stands."""

    #: An answer can still count.
    PENDING = "pending"
    #: It is answered; an approval is approved or rejected.
    DECIDED = "decided"
    #: Nobody answered in time.
    EXPIRED = "expired"
    #: The invocation is over, and took no answer.
    INVOCATION_OVER = "invocation over"


@dataclass(frozen=True, slots=True)
class Question:
    """A plain awakeable, a callback or an approval."""

    #: Of the awakeable; of an approval that of its first slot.
    id: str
    invocation_id: str
    #: Who asks.
    target: Target
    state: QuestionState
    #: What the handler called it; empty if it gave no name.
    name: str = ""
    #: Name of the answer's type; None if the handler declared none.
    type_name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    #: Whether the handler reads the answer through a journal value codec.
    is_encoded: bool = False
    #: Since when it waits, in UTC milliseconds; None if that is not known.
    since_ms: int | None = None
    expires_at_ms: int | None = None
    #: How it is decided; None of a plain awakeable or a callback.
    approval: ApprovalFacts | None = None
    #: The question in detail; None if it has none, or if this process cannot read it.
    document: ApprovalDocument | None = None
    #: Whether it has details that this process cannot read, because it does not have the codec.
    is_document_hidden: bool = False
    #: All answers, in the order in which they count.
    answers: tuple[Answered, ...] = ()
    #: Answers that this process cannot read, because it does not have the codec. Nothing is tallied then.
    hidden_answers: int = 0
    #: What the answers have come to. Of callbacks and plain awakeables it is empty.
    tally: Tally = _NOTHING
    #: The awakeable that takes the next answer; None if there is none.
    open_id: str | None = None

    @property
    def title(self) -> str:
        """What to call it for people."""
        if self.document is not None and self.document.title:
            return self.document.title
        return self.name or f"awakeable {_core.parse_awakeable_id(self.id).index}"

    @property
    def schema(self) -> dict[str, Any] | None:
        """JSON Schema of the answer, as far as the journal has it and this process can read it."""
        return None if self.document is None else self.document.schema

    @property
    def is_callback(self) -> bool:
        """Whether the handler described it, so that it is no plain awakeable."""
        return self.type_name is not None

    @property
    def first(self) -> Answered | None:
        """The answer that decided; of a callback or plain awakeable the only one."""
        if self.approval is not None:
            return self.tally.decisive
        return self.answers[0] if self.answers else None

    @property
    def missing(self) -> int:
        """Approvals that it still needs; of a callback or plain awakeable, answers."""
        if self.state is not QuestionState.PENDING:
            return 0
        return 1 if self.approval is None else self.approval.quorum - self.tally.approvals


async def find_question(operations: Operations, awakeable_id: str) -> Question:
    """Return the question to which an awakeable belongs; of an approval, the id of any slot will do.

    Raises:
        InvalidIdError: the id is malformed, or names no awakeable.
        NotFoundError: there is no such invocation, or it cannot have so many awakeables.
        OperationError: the runtime cannot be asked.
    """
    parsed = check_awakeable_id(awakeable_id)
    if parsed.index > LAST_AWAKEABLE:
        raise NotFoundError(describe_outcome(AwakeableOutcome.UNKNOWN, awakeable_id))
    invocation_id = parsed.invocation_id
    row, timer = await asyncio.gather(
        find_invocation(operations, invocation_id, _COLUMNS),
        find_timer(operations, invocation_id, parsed.index),
    )
    target = target_of(row)
    first = parsed.index if timer is None else timer.description.index
    slots = timer.description.approval.slots if timer and timer.description.approval else 1
    has_document = timer is None or timer.description.has_document  # nothing tells of a plain awakeable's
    key = (invocation_id, first)
    (end, results), documents = await asyncio.gather(
        _read_results(operations, invocation_id, timer, range(first, first + slots)),
        read_documents(operations, {key: target.service} if has_document else {}),
    )
    found = documents.get(key, FoundDocument())
    signals = [signal for signal in range(first, first + slots) if signal not in results]
    raw = _core.parse_invocation_id(invocation_id)
    question = Question(
        _core.format_awakeable_id(raw, first),
        invocation_id,
        target,
        QuestionState.PENDING,
        document=found.document,
        is_document_hidden=found.is_hidden,
        open_id=_core.format_awakeable_id(raw, signals[0]) if signals else None,
    )
    if timer is None:
        question = replace(question, since_ms=await _since(operations, question) if signals else None)
    else:
        question = _describe(question, timer)
    return await _count(operations, question, row["status"] == "completed", end, results)


@dataclass(frozen=True, slots=True)
class _Result:
    """A result of a signal."""

    signal: int
    #: Where it stands in the journal.
    position: int
    at_ms: int | None
    #: None if the row was damaged.
    value: bytes | Failure | None


async def _read_results(
    operations: Operations, invocation_id: str, timer: DescribingTimer | None, signals: range
) -> tuple[int | None, dict[int, _Result]]:
    """Return where in the journal the timer ends, and the results of signals."""
    one = f""" AND entry_lite_json LIKE '%"SignalIndex":{signals[0]}}}%'""" if len(signals) == 1 else ""
    wanted = [f"(entry_type = 'Notification: Signal'{one})"]
    if timer is not None and timer.completion_id is not None:
        end_of_it = f"""entry_lite_json LIKE '%"CompletionId":{timer.completion_id}}}%'"""
        wanted.append(f"(entry_type = 'Notification: Sleep' AND {end_of_it})")
    conditions = [is_invocation(invocation_id), f"({' OR '.join(wanted)})"]
    rows = await operations.ask(select(_ENTRY_COLUMNS, "sys_journal", conditions, order='"index"'))
    end = None
    found: dict[int, Mapping[str, Any]] = {}
    for row in rows:
        if row.get("entry_type") == "Notification: Signal":
            signal = signal_of(row)
            if signal is not None and signal in signals:
                found.setdefault(signal, row)
        else:
            end = row["index"]
    values = await read_results(operations, list(found.values()))
    return end, {
        signal: _Result(
            signal, row["index"], read_time(row.get("appended_at")), values[row["id"], row["index"]]
        )
        for signal, row in sorted(found.items())
    }


async def _since(operations: Operations, question: Question) -> int | None:
    async for one in list_awakeables(operations, invocation_id=question.invocation_id):
        if one.awakeable_id == question.id:
            return one.since_ms
    return None


def _describe(question: Question, timer: DescribingTimer) -> Question:
    description = timer.description
    return replace(
        question,
        name=description.name,
        type_name=description.type_name,
        labels=description.labels,
        is_encoded=description.is_encoded,
        since_ms=timer.created_at_ms,
        expires_at_ms=timer.expires_at_ms,
        approval=description.approval,
    )


def _fits(answered: Answered, annotation: Any, schema: Mapping[str, Any] | None) -> bool:
    """Return whether a handler takes an answer. The ingress of a Restate server let any value through."""
    if answered.answer is None:
        return True
    try:
        check_answer(answered.answer, annotation, schema)
    except InvalidAnswerError:
        return False
    return True


async def _count(
    operations: Operations, question: Question, is_over: bool, end: int | None, results: Mapping[int, _Result]
) -> Question:
    """Add the answers, and what they have come to.

    Args:
        operations: the runtime.
        question: without them.
        is_over: whether the invocation is.
        end: where in the journal its timer ends; answers behind that came too late.
        results: by signal, in the order of signals.
    """
    in_order = list(results.values())
    read = [await _read_answer(operations, question, one) for one in in_order]
    answers = tuple(one for one in read if one is not None)
    hidden = len(read) - len(answers)
    question = replace(question, answers=answers, hidden_answers=hidden)
    is_decided = bool(results) and (end is None or in_order[0].position < end)
    if question.approval is not None:
        first = _core.parse_awakeable_id(question.id).index
        # The handler takes the slots in their order, each before its timer ends or not at all.
        taken = list(takewhile(lambda n: first + n in results, range(question.approval.slots)))
        in_time = takewhile(lambda n: end is None or in_order[n].position < end, taken)
        kind = known_type(question.type_name)
        counted = [] if hidden else [answers[n] for n in in_time if _fits(answers[n], kind, question.schema)]
        question = replace(question, tally=tally(question.approval, counted))
        is_decided = question.tally.is_decided
    if is_decided:
        state = QuestionState.DECIDED
    elif end is not None:
        state = QuestionState.EXPIRED
    else:
        state = QuestionState.INVOCATION_OVER if is_over else QuestionState.PENDING
    return replace(
        question, state=state, open_id=question.open_id if state is QuestionState.PENDING else None
    )


async def _read_answer(operations: Operations, question: Question, result: _Result) -> Answered | None:
    """Return an answer; None if this process cannot read it."""
    value = result.value
    if isinstance(value, Failure):
        return Answered(None, value.message, at_ms=result.at_ms)
    if value is None:
        return Answered(None, "unreadable", at_ms=result.at_ms)
    service = question.target.service
    decoded = await decode_value(operations, service, value, is_encoded=question.is_encoded)
    if decoded is None:
        return None
    answered = Answered(decoded) if question.approval is None else read_answered(decoded)
    return answered if answered.at_ms is not None else replace(answered, at_ms=result.at_ms)
