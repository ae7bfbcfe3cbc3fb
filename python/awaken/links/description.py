"""Descriptions of callbacks in the journal: the entry name of a callback's timer carries its name, type and labels.

A journal may come from any endpoint, and an endpoint names its timers as it likes. A name that only looks like a
description is none: it is shown as text, like the name of any other timer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from awaken.approvals import ApprovalFacts
from awaken.links.limits import LONGEST_ENTRY
from awaken.outcomes import FIRST_AWAKEABLE, LAST_AWAKEABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "APPROVAL_PART",
    "ENTRY_PREFIX",
    "CallbackDescription",
    "describe_callback",
    "entry_start",
    "read_description",
]

#: Prefix of the entry name of a callback's timer; the description follows.
ENTRY_PREFIX: Final = "callback "
#: Part of the entry name of every approval's timer, and of no text in it: there, the quotation mark is escaped.
APPROVAL_PART: Final = ',"approval":{'


@dataclass(frozen=True, slots=True)
class CallbackDescription:
    """How a handler described a callback."""

    #: Index of the awakeable's signal.
    index: int
    name: str
    #: Name of the value's type; empty if the value may be any JSON.
    type_name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    #: Whether its endpoint has a journal value codec: the answer has to be encoded.
    is_encoded: bool = False
    #: Whether the journal has a document with the question in detail; see `awaken.approvals.document`.
    has_document: bool = False
    #: How it is decided, if it is an approval. Its awakeables are those of as many slots, from `index` on.
    approval: ApprovalFacts | None = None

    def covers(self, index: int) -> bool:
        """Return whether a signal is that of the awakeable, or of one of the slots."""
        return self.index <= index < self.index + (self.approval.slots if self.approval else 1)


def describe_callback(description: CallbackDescription) -> str:
    """Return the entry name of a callback's timer."""
    facts: dict[str, Any] = {
        "index": description.index,
        "name": description.name,
        "type": description.type_name,
        "labels": dict(description.labels),
    }
    if description.is_encoded:
        facts["encoded"] = True
    if description.has_document:
        facts["document"] = True
    if description.approval is not None:
        facts["approval"] = description.approval.write()
    return ENTRY_PREFIX + json.dumps(facts, separators=(",", ":"), ensure_ascii=False)


def entry_start(index: int) -> str:
    """Return how the entry name of a callback's timer begins."""
    return f'{ENTRY_PREFIX}{{"index":{index},'


def read_description(entry_name: str) -> CallbackDescription | None:
    """Return the description in the entry name of a timer; None if it is not the timer of a callback."""
    if not entry_name.startswith(ENTRY_PREFIX) or len(entry_name) > LONGEST_ENTRY:
        return None
    try:
        facts = json.loads(entry_name.removeprefix(ENTRY_PREFIX))
        return _read(facts) if isinstance(facts, dict) else None
    except (ValueError, RecursionError):  # also UnicodeEncodeError
        return None


def _read(facts: Mapping[str, Any]) -> CallbackDescription | None:
    index, name, type_name = facts.get("index"), facts.get("name"), facts.get("type")
    labels = facts.get("labels", {})
    if type(index) is not int or not FIRST_AWAKEABLE <= index <= LAST_AWAKEABLE:
        return None
    if not isinstance(name, str) or not isinstance(type_name, str) or not isinstance(labels, dict):
        return None
    if not all(isinstance(value, str) for value in labels.values()):
        return None
    for text in (name, type_name, *labels, *labels.values()):
        text.encode()  # half of a surrogate pair fits into no message and no page
    approval = ApprovalFacts.read(facts["approval"]) if "approval" in facts else None
    if "approval" in facts and approval is None:
        return None
    return CallbackDescription(
        index,
        name,
        type_name,
        labels,
        is_encoded=facts.get("encoded") is True,
        has_document=facts.get("document") is True,
        approval=approval,
    )
