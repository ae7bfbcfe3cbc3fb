"""The question in detail, checked: what people see of a callback or an approval."""

from __future__ import annotations

import json
from typing import Any, Final

from awaken.approvals import ApprovalDocument
from awaken.approvals.document import LARGEST_DOCUMENT
from awaken.errors import SerdeError, UsageError
from awaken.handler import arguments, values
from awaken.links.limits import describe_text
from awaken.serde.default import DefaultSerde
from awaken.serde.schema import schema_for

__all__ = ["document_of", "schema_of_answer", "written_answer"]

#: Bytes of a JSON Schema that goes into the journal with each question; doors ask for larger ones elsewhere.
LARGEST_SCHEMA: Final = 16 * 1024


def document_of(
    title: str, details: str, data: Any, initial: Any, answer: Any, what: str
) -> ApprovalDocument:
    """Return the question in detail.

    Args:
        title: a line of text; may be empty.
        details: Markdown; may be empty.
        data: what is shown as a table: anything with a JSON form.
        initial: what the form is filled with: a value of the answer's type, or None.
        answer: the type of the answer; None for any JSON.
        what: names the question in error texts.

    Raises:
        UsageError: a part is of another type, has no JSON form, or they are larger than a page.
    """
    arguments.expect_text(title, f"the title of {what}")
    arguments.expect_text(details, f"the details of {what}")
    for name, text in (("title", title), ("details", details)):
        if problem := describe_text(text, LARGEST_DOCUMENT):
            raise UsageError(f"the {name} of {what} {problem}")
    facts = None if data is None else _as_json(values.write(DefaultSerde(), data, f"the data of {what}"))
    filled = None if initial is None else _as_json(written_answer(initial, answer, f"initial of {what}"))
    try:
        size = len(ApprovalDocument(title, details, facts, filled).write())
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise UsageError(f"the data of {what} contain {half!r}, half of a character; remove it") from error
    if size > LARGEST_DOCUMENT:
        raise UsageError(
            f"title, details, data and initial of {what} have {size} bytes as JSON, and the limit is "
            f"{LARGEST_DOCUMENT}; keep large facts elsewhere and link to them in the details"
        )
    schema = schema_of_answer(answer, what)
    if schema is not None and len(json.dumps(schema)) > LARGEST_SCHEMA:
        schema = None
    return ApprovalDocument(title, details, facts, filled, schema)


def schema_of_answer(answer: Any, what: str) -> dict[str, Any] | None:
    """Return the JSON Schema of an answer's type; None if any JSON is an answer.

    Raises:
        UsageError: no JSON can be of this type.
    """
    try:
        return None if answer is None else schema_for(answer)
    except (TypeError, NameError) as error:
        raise UsageError(f"the answer of {what} cannot be read from JSON: {error}") from error


def written_answer(value: Any, answer: Any, what: str) -> bytes:
    """Return a value as an answer of this type.

    Raises:
        UsageError: it is of another type.
    """
    serde: DefaultSerde[Any] = DefaultSerde(answer)
    written = values.write(serde, value, what) or b"null"
    try:
        serde.deserialize(written)
    except SerdeError as error:
        raise UsageError(f"{what} is not an answer: {error}; give a value of the answer's type") from error
    return written


def _as_json(written: bytes) -> Any:
    return json.loads(written or b"null")
