"""Calls in journals, with what the server shows of the invocations that they made."""

from __future__ import annotations

import json
from typing import Any, Final

from awaken import _core

__all__ = ["add_callee", "call_number", "called_id"]

_TYPES: Final = {"exclusive": "Exclusive", "shared": "Shared", "workflow": "Workflow"}
#: Of invocations that no trace was begun for.
_SPAN: Final = {
    "span_context": {
        "trace_id": [0] * 16,
        "span_id": [0] * 8,
        "trace_flags": 0,
        "is_remote": False,
        "trace_state": "",
    },
    "cause": None,
}


def call_number(code: int, payload: bytes) -> int | None:
    """Return the number of the completion that tells the id of a call."""
    call = json.loads(_core.describe_entry(code, payload).lite_json)["Command"]
    for fields in call.values():
        return int(fields["invocation_id_completion_id"])
    return None


def called_id(code: int, payload: bytes, number: int) -> str | None:
    """Return the id that a notification tells, if it is the completion of this number."""
    told = json.loads(_core.describe_entry(code, payload).json)["Notification"]["Completion"][
        "CallInvocationId"
    ]
    return str(told["invocation_id"]) if told["completion_id"] == number else None


def add_callee(described: str, callee: str | None, *, is_lite: bool) -> str:
    """Return the JSON of a call with the invocation that it made.

    Args:
        described: the command.
        callee: a JSON array of the id, the kind, and the retentions of completion and journal in milliseconds; of an
            invocation that is gone the id alone is known.
        is_lite: whether the JSON has no payload.
    """
    entry = json.loads(described)
    ((name, call),) = entry["Command"].items()
    request = call if is_lite else call["request"]
    invocation_id, kind, completion_ms, journal_ms = json.loads(callee) if callee is not None else [None] * 4
    target = {shape: _with_type(fields, kind) for shape, fields in request["invocation_target"].items()}
    shown: dict[str, Any] = {} if invocation_id is None else {"invocation_id": invocation_id}
    shown["invocation_target"] = target
    if not is_lite:
        shown["span_context"] = _SPAN
    shown |= {key: value for key, value in request.items() if key not in shown}
    if not is_lite and completion_ms is not None and journal_ms is not None:
        shown["completion_retention_duration"] = _duration(completion_ms)
        shown["journal_retention_duration"] = _duration(journal_ms)
    entry["Command"][name] = shown if is_lite else {**call, "request": shown}
    return json.dumps(entry, separators=(",", ":"), ensure_ascii=False)


def _with_type(fields: dict[str, Any], kind: str | None) -> dict[str, Any]:
    if kind not in _TYPES:
        return fields
    before = {key: value for key, value in fields.items() if key != "scope"}
    return {**before, "handler_ty": _TYPES[kind], **fields}


def _duration(milliseconds: int) -> dict[str, int]:
    return {"secs": milliseconds // 1000, "nanos": milliseconds % 1000 * 1_000_000}
