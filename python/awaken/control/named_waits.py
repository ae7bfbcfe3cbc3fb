"""What an invocation waits for, with the names that its journal has: `approval 'Buy a desk?'`, `timer 'reminder'`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from awaken import _core
from awaken.control.futures import describe_leaf, read_leaves
from awaken.errors import RemoteProtocolError
from awaken.links.description import read_description

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["describe_named"]


def describe_named(future_json: str, commands: Iterable[tuple[int, bytes]]) -> str:
    """Say what a tree waits for, for people.

    Args:
        future_json: the tree.
        commands: code and payload of commands in the journal, the newest first; no more are taken than are needed.
    """
    leaves = read_leaves(future_json)
    open_leaves = dict.fromkeys(describe_leaf(leaf) for leaf in leaves if describe_leaf(leaf))
    names: dict[str, str] = {}
    for code, payload in commands:
        if len(names) >= len(open_leaves):
            break
        for leaf, name in _names(code, payload).items():
            if leaf in open_leaves:
                names.setdefault(leaf, name)
    found = sorted({names.get(leaf, leaf) for leaf in open_leaves} - {""})
    return ", ".join(found) or "nothing that is known"


def _names(code: int, payload: bytes) -> Mapping[str, str]:
    """Return what the results of a command are called, by how a tree names them; an empty text hides one."""
    try:
        entry = _core.describe_entry(code, payload)
    except RemoteProtocolError:  # damaged
        return {}
    completions = [f"CompletionId {number}" for number in entry.completion_ids]
    description = read_description(entry.name or "") if entry.entry_type == "Command: Sleep" else None
    if description is None:
        return dict.fromkeys(completions, _describe(entry))
    kind = "callback" if description.approval is None else "approval"
    slots = 1 if description.approval is None else description.approval.slots
    name = f"{kind} {description.name!r}"
    awakeables = [f"awakeable {description.index + slot}" for slot in range(slots)]
    return dict.fromkeys(awakeables, name) | dict.fromkeys(completions, "")


def _describe(entry: _core.StoredEntry) -> str:
    kind = entry.entry_type.removeprefix("Command: ")
    facts: Any = json.loads(entry.lite_json).get("Command", {}).get(kind)
    facts = facts if isinstance(facts, dict) else {}
    if kind == "Call":
        target = facts.get("request", facts).get("invocation_target", {})
        parts = [
            str(place[part])
            for place in target.values()
            for part in ("name", "key", "handler")
            if place.get(part) is not None
        ]
        return f"the result of {'/'.join(parts)}" if parts else "the result of a call"
    word = {"Sleep": "timer", "GetPromise": "promise"}.get(kind, kind.lower())
    name = entry.name or facts.get("key")
    return f"{word} {name!r}" if name else word
