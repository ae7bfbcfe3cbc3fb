"""Rows of a list of questions: what is known of each without its journal, and the first facts of what it shows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken.control.question_documents import find_documents
from awaken.inbox.facts import first_facts
from awaken.inbox.inputs_of_invocations import find_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.approvals import ApprovalDocument
    from awaken.control.operations import AwakeableView, Operations

__all__ = ["QuestionRow", "read_rows", "short_type"]

#: Milliseconds before the end at which a question is urgent, and soon is.
_URGENT_MS: Final = 4 * 3_600_000
_SOON_MS: Final = 24 * 3_600_000
_LONGEST_TITLE: Final = 300


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question in a list."""

    view: AwakeableView
    title: str
    #: Names and values, from its data, else from the input of its invocation.
    facts: list[tuple[str, str]]
    #: Whether the facts are those of the input.
    is_input: bool
    #: Whether it has details that this process cannot read.
    is_hidden: bool
    #: Who is asked now; nobody stands for everybody.
    people: tuple[str, ...]
    #: Answers that decide it, if they are several.
    progress: str
    #: failed if it expires within hours, waiting within a day, else empty.
    urgency: str
    #: The declared type of the answer, for people.
    type_name: str


def short_type(name: str | None) -> str:
    """Return the last part of the name of a type."""
    return (name or "").rpartition(":")[2]


async def read_rows(
    operations: Operations, views: Sequence[AwakeableView], now_ms: int, *, shows_inputs: bool
) -> list[QuestionRow]:
    """Return rows for a page of awakeables, with a few queries whatever their number.

    Args:
        operations: the runtime.
        views: the awakeables.
        now_ms: UTC milliseconds.
        shows_inputs: whether inputs of invocations may be shown.

    Raises:
        OperationError: the runtime cannot be asked.
    """
    # A damaged row has an id that nothing can be asked about.
    plain = {
        one.invocation_id: one.target.service
        for one in views
        if shows_inputs and not one.has_document and one.awakeable_id.startswith("sign_")
    }
    documents, inputs = await asyncio.gather(
        find_documents(operations, views), find_inputs(operations, plain)
    )
    rows = []
    for one in views:
        found = documents.get(one.question_id)
        document = None if found is None else found.document
        facts = first_facts(document.data) if document is not None and document.data is not None else []
        is_input = not facts and one.invocation_id in inputs
        title = document.title if document is not None and document.title else one.title
        rows.append(
            QuestionRow(
                one,
                title if len(title) <= _LONGEST_TITLE else f"{title[:_LONGEST_TITLE]}…",
                first_facts(inputs[one.invocation_id]) if is_input else facts,
                is_input,
                found is not None and found.is_hidden,
                () if one.approval is None else one.approval.people(now_ms),
                _progress(one),
                _urgency(one.expires_at_ms, now_ms),
                short_type(one.type_name) or _title_of_schema(document),
            )
        )
    return rows


def _progress(one: AwakeableView) -> str:
    if one.approval is None or one.approval.quorum + one.approval.rejections <= 2:
        return ""
    return f"{one.answer_count} of {one.approval.quorum}"


def _title_of_schema(document: ApprovalDocument | None) -> str:
    """Return the name of a plain awakeable's type, if its title was journaled with it."""
    title = None if document is None or document.schema is None else document.schema.get("title")
    return title[:_LONGEST_TITLE] if isinstance(title, str) else ""


def _urgency(expires_at_ms: int | None, now_ms: int) -> str:
    if expires_at_ms is None or expires_at_ms - now_ms > _SOON_MS:
        return ""
    return "failed" if expires_at_ms - now_ms <= _URGENT_MS else "waiting"
