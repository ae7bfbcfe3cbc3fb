"""What invocations were called with: all that is known of a plain awakeable beside its number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from awaken.control.question_documents import decode_value
from awaken.control.sql import quote_sql, select
from awaken.inbox.facts import shown_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.control.operations import Operations

__all__ = ["find_inputs"]

#: Bytes of an input that a list reads; as JSON of numbers, they take four times as much.
LARGEST: Final = 4096


async def find_inputs(operations: Operations, services: Mapping[str, str]) -> dict[str, Any]:
    """Return the inputs of invocations as JSON values, by id; those without, and large ones, are absent.

    Args:
        operations: the runtime.
        services: by the ids of the invocations, which are well-formed.
    """
    if not services:
        return {}
    conditions = [
        f"id IN ({', '.join(map(quote_sql, sorted(services)))})",
        '"index" = 0',
        f"raw_length <= {LARGEST}",
    ]
    found = {}
    for row in await operations.ask(select(("id", "entry_json"), "sys_journal", conditions, order="id")):
        payload = _payload(row.get("entry_json"))
        value = None if not payload else await decode_value(operations, services[row["id"]], payload)
        if value is not None:
            found[row["id"]] = shown_value(value)
    return found


def _payload(entry_json: str | None) -> bytes:
    try:
        return bytes(json.loads(entry_json or "null")["Command"]["Input"]["payload"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return b""
