"""Descriptions of callbacks in the journal: the entry name of a callback's timer carries its name, type and labels."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ENTRY_PREFIX", "CallbackDescription", "describe_callback", "read_description"]

#: Prefix of the entry name of a callback's timer; the description follows.
ENTRY_PREFIX: Final = "callback "


@dataclass(frozen=True, slots=True)
class CallbackDescription:
    """How a handler described a callback."""

    #: Index of the awakeable's signal.
    index: int
    name: str
    #: Name of the value's type; empty if the value may be any JSON.
    type_name: str
    labels: Mapping[str, str] = field(default_factory=dict)


def describe_callback(name: str, index: int, type_name: str, labels: Mapping[str, str]) -> str:
    """Return the entry name of a callback's timer."""
    facts = {"index": index, "name": name, "type": type_name, "labels": dict(labels)}
    return ENTRY_PREFIX + json.dumps(facts, separators=(",", ":"), ensure_ascii=False)


def read_description(entry_name: str) -> CallbackDescription | None:
    """Return the description in the entry name of a timer; None if it is not the timer of a callback."""
    if not entry_name.startswith(ENTRY_PREFIX):
        return None
    try:
        facts = json.loads(entry_name.removeprefix(ENTRY_PREFIX))
    except ValueError:
        return None
    if not isinstance(facts, dict) or not isinstance(facts.get("index"), int):
        return None
    labels = facts.get("labels")
    return CallbackDescription(
        facts["index"],
        str(facts.get("name", "")),
        str(facts.get("type", "")),
        {str(key): str(value) for key, value in labels.items()} if isinstance(labels, dict) else {},
    )
