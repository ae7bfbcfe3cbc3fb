"""Describes what handlers under test are doing, for error messages."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.control.futures import leaves_of
from awaken.outcomes import FIRST_AWAKEABLE
from awaken.runtime.tables.payloads import PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Fetch = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]

__all__ = ["describe_journal", "describe_open"]

#: At most this many invocations are listed.
_MOST: Final = 10
_FIRST_NOTIFICATION: Final = 0x8000


def describe_open(
    fetch: Fetch, awaited: Iterable[tuple[str, str]], names: Mapping[str, str | None], now_ms: int
) -> str:
    """Describe what each open invocation is doing, one line each.

    Args:
        fetch: queries the runtime's tables.
        awaited: what handlers with an open attempt wait for: invocation id and future, as JSON.
        names: names of awakeables by id.
        now_ms: the runtime's time.
    """
    waiting = dict(awaited)
    rows = fetch(
        "SELECT seq, id, service, key, handler, status, future_json, next_retry_at, last_failure, "
        "scheduled_start_at FROM invocation WHERE status <> 'completed' ORDER BY seq",
        (),
    )
    lines = []
    for seq, identifier, service, key, handler, status, future, retry_at, failure, start_at in rows[:_MOST]:
        target = "/".join(part for part in (service, key, handler) if part is not None)
        reason = (failure or "").partition("\n")[0]
        tree = future or waiting.get(identifier)
        if status == "scheduled":
            activity = f"starts {_in(start_at, now_ms)}"
        elif status == "inboxed":
            activity = "waits until its key is free"
        elif status == "paused":
            activity = f"is paused: {reason}" if reason else "is paused"
        elif retry_at is not None:
            activity = f"backs off, next attempt {_in(retry_at, now_ms)}: {reason}"
        elif tree:
            leaves = ", ".join(_describe_leaves(fetch, seq, identifier, json.loads(tree), names, now_ms))
            activity = f"waits for {leaves or 'nothing that is known'}"
        else:
            activity = "runs"
        lines.append(f"\n  {target} ({identifier}) {activity}")
    if len(rows) > _MOST:
        lines.append(f"\n  and {len(rows) - _MOST} more")
    return "".join(lines) or "\n  no invocation is open"


def describe_journal(entries: Iterable[tuple[int, bytes]]) -> Iterator[str]:
    """Describe each entry of a journal from its beginning, given by code and payload."""
    commands: dict[int, str] = {}
    for code, payload in entries:
        if code < _FIRST_NOTIFICATION:
            text = _describe_entry(code, payload)
            commands |= dict.fromkeys(_core.describe_entry(code, payload).completion_ids, text)
            yield text
        else:
            answered = _core.describe_entry(code, payload).completion_ids
            yield f"the result of {commands.get(answered[0], answered[0])}" if answered else "a signal"


def _describe_entry(code: int, payload: bytes) -> str:
    """Describe a command, such as `Run "charge"` or `Sleep`."""
    entry = _core.describe_entry(code, payload)
    kind = entry.entry_type.partition(": ")[2]
    ((command, facts),) = json.loads(entry.json)["Command"].items()
    if entry.name:
        return f"{kind} {json.dumps(entry.name, ensure_ascii=False)}"
    if isinstance(facts, dict) and isinstance(facts.get("key"), str):
        return f"{kind} {json.dumps(facts['key'], ensure_ascii=False)}"
    return f"{kind} {_target(facts)}".rstrip() if command in ("Call", "OneWayCall") else kind


def _describe_leaves(
    fetch: Fetch,
    seq: int,
    identifier: str,
    future: Any,
    names: Mapping[str, str | None],
    now_ms: int,
) -> Iterator[str]:
    for leaf in leaves_of(future):
        if "SignalIndex" in leaf:
            index = leaf["SignalIndex"]
            if index >= FIRST_AWAKEABLE:
                awakeable_id = _core.format_awakeable_id(_core.parse_invocation_id(identifier), index)
                name = names.get(awakeable_id)
                yield f"its awakeable {awakeable_id}" if name is None else f"its awakeable {name!r}"
        elif "CompletionId" in leaf:
            yield _describe_command(fetch, seq, leaf["CompletionId"], now_ms)
        else:
            yield ", ".join(f"{kind} {value}" for kind, value in leaf.items())


def _describe_command(fetch: Fetch, seq: int, completion_id: int, now_ms: int) -> str:
    rows = fetch(
        f"SELECT code, {PAYLOAD} FROM journal WHERE invocation = ? AND code < ?",  # noqa: S608 - of this package
        (seq, _FIRST_NOTIFICATION),
    )
    for code, payload in rows:
        entry = _core.describe_entry(code, payload)
        if completion_id in entry.completion_ids:
            facts = json.loads(entry.lite_json).get("Command", {}).get("Sleep", {})
            if "wake_up_time" in facts:
                return f"the time: its sleep ends {_in(facts['wake_up_time'], now_ms)}"
            return f"the result of {_describe_entry(code, payload)}"
    return f"completion {completion_id}"


def _target(facts: Any) -> str:
    target = facts.get("request", facts).get("invocation_target", {})
    return "/".join(
        str(place[part])
        for place in target.values()
        for part in ("name", "key", "handler")
        if place.get(part) is not None
    )


def _in(when_ms: int | None, now_ms: int) -> str:
    return "later" if when_ms is None else f"in {timedelta(milliseconds=max(0, when_ms - now_ms))}"
