"""The type of a link's answer, and the form for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken.callbacks.forms import form_of
from awaken.control.answers import schema_of_answer
from awaken.control.errors import OperationError
from awaken.control.questions import find_question
from awaken.links import import_type

if TYPE_CHECKING:
    from awaken.callbacks.fields import Form
    from awaken.control.operations import Operations
    from awaken.control.questions import Question
    from awaken.links import Link

__all__ = ["find_answer_type"]


async def find_answer_type(operations: Operations, link: Link, question: Question | None) -> tuple[Any, Form]:
    """Return the type of the answer, and its form; of a type that is not known here, the form from the journal.

    Args:
        operations: the runtime.
        link: that was opened.
        question: of the link, if it was read already.

    Raises:
        LookupError: the type is not known here, and the journal does not describe it.
    """
    try:
        annotation = import_type(link.type_name)
    except LookupError:
        schema = await _stored_schema(operations, link, question)
        if schema is None:
            raise
        return None, form_of(schema)
    return annotation, form_of(schema_of_answer(annotation))


async def _stored_schema(
    operations: Operations, link: Link, question: Question | None
) -> dict[str, Any] | None:
    try:
        question = question or await find_question(operations, link.awakeable_id)
    except OperationError:
        return None
    return question.document.schema if question.document else None
