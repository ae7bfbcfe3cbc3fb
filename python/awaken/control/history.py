"""What was answered: by whom, when, through which door and with what, newest first.

Journals are the only record, so the history reaches as far back as they are kept. A page takes a few queries, whatever
its size.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken import _core
from awaken.approvals import Answered, read_answered, read_verdict
from awaken.control.describing_timers import Timers
from awaken.control.journal_results import read_results
from awaken.control.operations import Failure
from awaken.control.question_documents import FoundDocument, decode_value, read_documents
from awaken.control.reads import find_invocations, find_timers, target_of
from awaken.errors import InvalidIdError

if TYPE_CHECKING:
    from awaken.control.describing_timers import DescribingTimer
    from awaken.control.operations import Operations, StoredAnswer, Target
    from awaken.links.description import CallbackDescription

__all__ = ["HistoryPage", "PastAnswer", "list_answers"]

#: Bytes of an answer that a list reads.
LARGEST_READ: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class PastAnswer:
    """One answer, with its question."""

    #: Of the question: of an approval the id of its first slot, else that of the awakeable.
    question_id: str
    invocation_id: str
    #: Who asked; None if the invocation is no longer kept.
    target: Target | None
    title: str
    #: The answer, and who gave it. None if this process cannot read it: it was encoded by a codec that the process does
    #: not have, or is larger than 64 KiB.
    answered: Answered | None
    #: When the runtime stored it, in UTC milliseconds.
    at_ms: int
    is_approval: bool = False
    #: Whether the handler described it, so that it is no plain awakeable.
    is_callback: bool = False
    #: Whether the answer is a yes, of approvals; None if it says neither. A rejection is False everywhere.
    is_yes: bool | None = None
    #: Bytes of the entry of the journal.
    size: int = 0


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some answers."""

    answers: tuple[PastAnswer, ...]
    #: `after` of the next page; None on the last one. Its form is the runtime's own.
    next: str | None = None


async def list_answers(
    operations: Operations,
    limit: int = 50,
    after: str | None = None,
    *,
    service: str | None = None,
    key: str | None = None,
) -> HistoryPage:
    """List what was answered, newest first, as far back as journals are kept.

    Args:
        operations: the runtime.
        limit: the size of a page.
        after: `next` of the page before.
        service: only questions of this service.
        key: only questions of this key.

    Raises:
        InvalidRequestError: `after` is not from a page before.
        OperationError: the runtime cannot be asked.
    """
    page = await operations.stored_answers(service=service, key=key, limit=limit, after=after)
    stored = page.answers
    if not stored:
        return HistoryPage((), page.next)
    ids = sorted({one.invocation_id for one in stored})
    rows = [{"id": one.invocation_id, "index": one.index, "raw_length": one.size} for one in stored]
    invocations, timers, values = await asyncio.gather(
        find_invocations(operations, ids),
        find_timers(operations, ids),
        read_results(operations, rows, LARGEST_READ),
    )
    targets = {name: target_of(row) for name, row in invocations.items()}
    described = [timers.get(one.invocation_id, Timers()).find(one.signal) for one in stored]
    documents = await read_documents(
        operations,
        {
            (one.invocation_id, timer.description.index if timer else one.signal): targets[
                one.invocation_id
            ].service
            for one, timer in zip(stored, described, strict=True)
            if (timer is None or timer.description.has_document) and one.invocation_id in targets
        },
    )
    answers = [
        await _make(operations, one, timer, targets.get(one.invocation_id), values, documents)
        for one, timer in zip(stored, described, strict=True)
    ]
    return HistoryPage(tuple(answers), page.next)


async def _make(
    operations: Operations,
    one: StoredAnswer,
    timer: DescribingTimer | None,
    target: Target | None,
    values: dict[tuple[str, int], bytes | Failure | None],
    documents: dict[tuple[str, int], FoundDocument],
) -> PastAnswer:
    description = None if timer is None else timer.description
    approval = None if description is None else description.approval
    index = one.signal if description is None else description.index
    document = documents.get((one.invocation_id, index), FoundDocument()).document
    title = (document.title if document else "") or (description.name if description else "")
    answered = await _read(operations, values[one.invocation_id, one.index], target, description)
    is_yes = None
    if answered is not None:
        is_yes = (
            read_verdict(approval, answered) if approval else (False if answered.answer is None else None)
        )
    return PastAnswer(
        _question_id(one.invocation_id, index),
        one.invocation_id,
        target,
        title or f"awakeable {index}",
        answered,
        one.at_ms,
        is_approval=approval is not None,
        is_callback=description is not None,
        is_yes=is_yes,
        size=one.size,
    )


def _question_id(invocation_id: str, index: int) -> str:
    """Return the id; of a row that was damaged, a text that says so: the others are still listed."""
    try:
        return _core.format_awakeable_id(_core.parse_invocation_id(invocation_id), index)
    except (InvalidIdError, OverflowError):
        return f"unreadable: signal {index} of invocation {invocation_id!r}"


async def _read(
    operations: Operations,
    value: bytes | Failure | None,
    target: Target | None,
    description: CallbackDescription | None,
) -> Answered | None:
    if isinstance(value, Failure):
        return Answered(None, value.message)
    if value is None or target is None:
        return None
    is_encoded = description is not None and description.is_encoded
    decoded = await decode_value(operations, target.service, value, is_encoded=is_encoded)
    if decoded is None:
        return None
    return (
        Answered(decoded) if description is None or description.approval is None else read_answered(decoded)
    )
