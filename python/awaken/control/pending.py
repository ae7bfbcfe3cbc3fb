"""Which awakeables an invocation waits for, rebuilt from what the admin API tells of its suspension.

Creating an awakeable writes nothing, so that a runtime knows of one when its handler awaits it: over protocol 7 at
once, over earlier ones when the handler is suspended. What it then tells is a tree of futures whose leaves name signals
by index, and an awakeable's id is its invocation's id and that index.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.context.callback import ENTRY_PREFIX, read_description
from awaken.control.sql import quote_sql, select
from awaken.outcomes import FIRST_AWAKEABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "PENDING_COLUMNS",
    "Pending",
    "ask_for_callbacks",
    "describe_future",
    "join_callbacks",
    "leaves_of",
    "pending_awakeables",
]

#: What has to be asked of `sys_invocation` for `pending_awakeables`.
PENDING_COLUMNS: Final = (
    *("id", "target_service_name", "target_service_key", "target_handler_name", "status", "modified_at"),
    *("suspended_waiting_future_json", "last_awaiting_on_future_json"),
)


@dataclass(frozen=True, slots=True)
class Pending:
    """An awakeable that an invocation waits for."""

    id: str
    index: int
    invocation_id: str
    service: str
    handler: str
    key: str | None
    status: str
    #: When the invocation began to wait, as the admin API writes it.
    since: str | None
    #: What else the invocation waits for besides this awakeable.
    beside: tuple[str, ...]
    #: What its callback is called; empty for a plain awakeable, like what follows.
    name: str = ""
    type_name: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    expires_at_ms: int | None = None


def pending_awakeables(row: Mapping[str, Any]) -> Iterator[Pending]:
    """Tell which awakeables an invocation waits for; `row` has the `PENDING_COLUMNS` that are not NULL."""
    text = row.get("suspended_waiting_future_json") or row.get("last_awaiting_on_future_json")
    if not text:
        return
    awaited = list(leaves_of(json.loads(text)))
    raw = _core.parse_invocation_id(row["id"])
    indexes = {leaf["SignalIndex"] for leaf in awaited if "SignalIndex" in leaf}
    told = {_describe(leaf) for leaf in awaited} - {""}
    for index in sorted(index for index in indexes if index >= FIRST_AWAKEABLE):
        yield Pending(
            id=_core.format_awakeable_id(raw, index),
            index=index,
            invocation_id=row["id"],
            service=row["target_service_name"],
            handler=row["target_handler_name"],
            key=row.get("target_service_key"),
            status=row["status"],
            since=row.get("modified_at"),
            beside=tuple(sorted(told - {f"awakeable {index}"})),
        )


def ask_for_callbacks(found: Sequence[Pending]) -> str:
    """Return the question about the journal whose answer `join_callbacks` takes; for at least one awakeable."""
    ids = ", ".join(sorted({quote_sql(one.invocation_id) for one in found}))
    conditions = (
        "entry_type = 'Command: Sleep'",
        f"name LIKE {quote_sql(ENTRY_PREFIX + '%')}",
        f"id IN ({ids})",
    )
    return select(("id", "name", "entry_json"), "sys_journal", conditions, order='id, "index"')


def join_callbacks(found: Sequence[Pending], rows: Iterable[Mapping[str, Any]]) -> list[Pending]:
    """Add what the journal tells of callbacks: a callback's timer carries its name, type and labels."""
    told = {}
    for row in rows:
        facts = read_description(row.get("name") or "")
        if facts is not None:
            told[row["id"], facts["index"]] = (facts, _wake_up_time(row.get("entry_json")))
    return [_describe_pending(one, told.get((one.invocation_id, one.index))) for one in found]


def _describe_pending(one: Pending, told: tuple[dict[str, Any], int | None] | None) -> Pending:
    if told is None:
        return one
    facts, expires_at_ms = told
    labels = facts.get("labels")
    return replace(
        one,
        name=str(facts.get("name", "")),
        type_name=str(facts.get("type", "")),
        labels={str(key): str(value) for key, value in labels.items()} if isinstance(labels, dict) else {},
        expires_at_ms=expires_at_ms,
    )


def _wake_up_time(entry: str | None) -> int | None:
    sleep: Any = json.loads(entry or "{}").get("Command", {}).get("Sleep", {})
    time = sleep.get("wake_up_time") if isinstance(sleep, dict) else None
    return time if isinstance(time, int) else None


def describe_future(text: str) -> str:
    """Tell people what a tree of futures, as JSON, waits for."""
    told = {_describe(leaf) for leaf in leaves_of(json.loads(text))} - {""} if text else set()
    return ", ".join(sorted(told)) or "nothing that is known"


def leaves_of(future: Any) -> Iterator[dict[str, Any]]:
    """Walk a tree of futures: `{"Single": {...}}`, and combinators over lists of trees."""
    if isinstance(future, list):
        for part in future:
            yield from leaves_of(part)
    elif isinstance(future, dict):
        for kind, inner in future.items():
            if kind == "Single" and isinstance(inner, dict):
                yield inner
            else:
                yield from leaves_of(inner)


def _describe(leaf: Mapping[str, Any]) -> str:
    index = leaf.get("SignalIndex")
    if index is not None:
        return f"awakeable {index}" if index >= FIRST_AWAKEABLE else ""
    return ", ".join(f"{kind} {value}" for kind, value in leaf.items())
