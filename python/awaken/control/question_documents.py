"""Documents of callbacks and approvals, for lists: a page of them takes two queries, whatever its size.

A document is the value of a run (`awaken.approvals.document`), which a journal value codec may have encoded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken.approvals import ApprovalDocument
from awaken.approvals.document import DOCUMENT_PREFIX, LARGEST_DOCUMENT, document_name
from awaken.control.journal_results import completion_of, read_results
from awaken.control.sql import quote_sql, select

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.control.operations import AwakeableView, Operations

__all__ = ["FoundDocument", "decode_value", "find_documents", "read_documents"]

#: Bytes of an entry that is read as a document: codecs that write text take a third more.
_LARGEST_ENTRY: Final = 2 * LARGEST_DOCUMENT + 1024


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """The document of a question."""

    #: None if there is none yet, or if it cannot be read.
    document: ApprovalDocument | None = None
    #: Whether it cannot be read because this process does not have the journal value codec.
    is_hidden: bool = False


#: There is none, or none yet.
_NONE: Final = FoundDocument()


async def find_documents(operations: Operations, views: Sequence[AwakeableView]) -> dict[str, FoundDocument]:
    """Return the documents of those awakeables that have one, by question id.

    Args:
        operations: the runtime.
        views: such as a page of pending awakeables.

    Raises:
        OperationError: the runtime cannot be asked.
    """
    keys: dict[tuple[str, int], tuple[str, str]] = {}
    for one in views:
        # Nothing else tells whether a plain awakeable has one.
        if one.is_readable and (one.has_document or one.type_name is None):
            index = one.index if one.first_index is None else one.first_index
            keys[one.invocation_id, index] = (one.question_id, one.target.service)
    found = await read_documents(operations, {key: service for key, (_, service) in keys.items()})
    expected = {one.question_id for one in views if one.has_document}
    return {
        question_id: found[key]
        for key, (question_id, _) in keys.items()
        if question_id in expected or found[key] != _NONE
    }


async def read_documents(
    operations: Operations, services: Mapping[tuple[str, int], str]
) -> dict[tuple[str, int], FoundDocument]:
    """Return documents, by invocation id and index of the signal of the question's first awakeable.

    Args:
        operations: the runtime.
        services: of the invocations, by the same.
    """
    values = await _read_values(operations, set(services))
    return {key: await _decode(operations, service, values.get(key)) for key, service in services.items()}


async def decode_value(
    operations: Operations, service: str, value: bytes, *, is_encoded: bool = False
) -> bytes | None:
    """Return a value from the journal of a service as its serde wrote it; None if it cannot be decoded.

    Args:
        operations: the runtime, which knows the codec of the service, if this process has it.
        service: the service.
        value: from its journal.
        is_encoded: whether it is known to be encoded.
    """
    source = operations.codec_of(service)
    if source is None:
        return None if is_encoded else value
    try:
        return await (await source.get()).decode(value)
    except Exception:  # of the codec, or because something else wrote the value
        return None


async def _decode(operations: Operations, service: str, value: bytes | None) -> FoundDocument:
    if value is None:
        return FoundDocument()
    document = None
    decoded = await decode_value(operations, service, value)
    if decoded is not None:
        document = ApprovalDocument.read(decoded)
    return FoundDocument(document, is_hidden=document is None)


async def _read_values(operations: Operations, keys: set[tuple[str, int]]) -> dict[tuple[str, int], bytes]:
    """Return the values of the runs that are documents, by invocation id and index of the first signal."""
    commands = await _find_commands(operations, keys)
    if not commands:
        return {}
    wanted = " OR ".join(
        f"(id = {quote_sql(invocation_id)} AND entry_lite_json LIKE '%\"CompletionId\":{completion_id}}}%')"
        for invocation_id, completion_id in commands
    )
    conditions = ["entry_type = 'Notification: Run'", f"({wanted})"]
    columns = ("id", '"index"', "entry_lite_json", "raw_length")
    rows = await operations.ask(select(columns, "sys_journal", conditions, order='id, "index"'))
    results = await read_results(operations, rows, _LARGEST_ENTRY)
    found = {}
    for row in rows:
        result = results[row["id"], row["index"]]
        index = commands.get((row["id"], completion_of(row) or 0))
        if isinstance(result, bytes) and index is not None:
            found[row["id"], index] = result
    return found


async def _find_commands(operations: Operations, keys: set[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Return the index of the first signal of each document, by invocation id and completion id of its run."""
    if not keys:
        return {}
    ids = sorted({invocation_id for invocation_id, _ in keys})
    names = sorted({document_name(index) for _, index in keys})
    conditions = [
        f"id IN ({', '.join(map(quote_sql, ids))})",
        "entry_type = 'Command: Run'",
        f"name IN ({', '.join(map(quote_sql, names))})",
    ]
    columns = ("id", "name", "entry_lite_json")
    found: dict[tuple[str, int], int] = {}
    seen = set()
    for row in await operations.ask(select(columns, "sys_journal", conditions, order='id, "index"')):
        key = (row["id"], int(row["name"].removeprefix(DOCUMENT_PREFIX)))
        completion_id = _run_id(row)
        if key in keys and key not in seen and completion_id is not None:
            seen.add(key)
            found[row["id"], completion_id] = key[1]
    return found


def _run_id(row: Mapping[str, Any]) -> int | None:
    """Return the completion id of a Run command."""
    try:
        number = json.loads(row.get("entry_lite_json") or "null")["Command"]["Run"]["completion_id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return number if type(number) is int else None
