"""What a runtime reports about an invocation that is over, without what differs from run to run."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.e2e.ingress import InvocationFailed
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from tests.e2e.ingress import Client

_IDS = re.compile(r"\b(inv|sign|prom|dp)_1[0-9A-Za-z_-]+")
#: Fields of entries with times and random ids.
_CHANCE = {"wake_up_time", "invoke_time", "invocation_id", "headers"}
#: Fields that the server adds to a call: its own tracing, and what it knows of the callee.
_NOTES = {"handler_ty", "span_context", "completion_retention_duration", "journal_retention_duration"}


def history(client: Client, invocation: str) -> dict[str, Any]:
    """Return result, journal, state and promises of an invocation and of all those it started."""
    try:
        result = client.attach(invocation)
    except InvocationFailed as failed:
        result = [failed.code, failed.message]
    (row,) = client.query(
        "SELECT target_service_name, target_service_key, target_handler_name, status, completion_result, "
        "completion_failure, invoked_by, journal_size, journal_commands_size "
        f"FROM sys_invocation WHERE id = '{invocation}'"
    )
    key = row.pop("target_service_key", None)
    children = eventually(
        lambda: client.query(f"SELECT id, status FROM sys_invocation WHERE invoked_by_id = '{invocation}'"),
        lambda rows: all(child["status"] == "completed" for child in rows),
        what=f"the end of what {invocation} started",
    )
    histories = [history(client, child["id"]) for child in children]
    return {
        "result": _plain(result),
        "row": _plain(row),
        **journal(client, invocation),
        **({} if key is None else _kept(client, row["target_service_name"], key)),
        "children": sorted(histories, key=lambda child: json.dumps(child, sort_keys=True)),
    }


def journal(client: Client, invocation: str) -> dict[str, Any]:
    """Return the commands in their order, and the notifications, whose order varies, sorted."""
    rows = client.query(
        f"SELECT index, entry_type, name, entry_json FROM sys_journal WHERE id = '{invocation}' ORDER BY index"
    )
    entries = [[row["entry_type"], row.get("name"), _plain(json.loads(row["entry_json"]))] for row in rows]
    notifications = [entry for entry in entries if entry[0].startswith("Notification")]
    return {
        "commands": [entry for entry in entries if entry[0].startswith("Command")],
        "notifications": sorted(notifications, key=lambda entry: json.dumps(entry, sort_keys=True)),
    }


def _kept(client: Client, service: str, key: str) -> dict[str, Any]:
    where = f"WHERE service_name = '{service}' AND service_key = '{key}' ORDER BY key"
    return {
        "state": client.query(f"SELECT key, value_utf8 FROM state {where}"),
        "promises": client.query(
            f"SELECT key, completed, completion_success_value_utf8, completion_failure FROM sys_promise {where}"
        ),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _IDS.sub(r"\1", value)
    if isinstance(value, list):
        # Payloads are lists of bytes, which may contain ids.
        if value and all(isinstance(byte, int) for byte in value):
            text = (
                bytes(value).decode(errors="backslashreplace")
                if max(value) < 256 and min(value) >= 0
                else None
            )
            return value if text is None else _IDS.sub(r"\1", text)
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items() if name not in _CHANCE | _NOTES}
    return value
