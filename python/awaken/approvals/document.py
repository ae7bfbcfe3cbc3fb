"""What people see of an approval or callback: the question in detail. It is the value of a run in the journal.

A journal value codec encodes it like every other value, so nobody without the codec can read it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

__all__ = ["DOCUMENT_PREFIX", "LARGEST_DOCUMENT", "ApprovalDocument", "document_name"]

#: Prefix of the name of the run whose value is the document; the index of the first awakeable's signal follows.
DOCUMENT_PREFIX: Final = "question "
#: Bytes of a document: a page that people can read.
LARGEST_DOCUMENT: Final = 64 * 1024


def document_name(index: int) -> str:
    """Return the name of the run whose value is the document of a callback or approval.

    Args:
        index: of the signal of its (first) awakeable.
    """
    return f"{DOCUMENT_PREFIX}{index}"


@dataclass(frozen=True, slots=True)
class ApprovalDocument:
    """The question."""

    #: A line of text; empty if the name of the callback says it.
    title: str = ""
    #: Markdown.
    details: str = ""
    #: Facts to show as a table: a JSON value, usually an object.
    data: Any = None
    #: What the form is filled with, as JSON; None fills nothing.
    initial: Any = None
    #: JSON Schema of the answer, for doors that do not know its type; None if it is large or has none.
    schema: dict[str, Any] | None = None

    def write(self) -> bytes:
        """Return the document as JSON, without what is empty."""
        facts = {name: value for name, value in asdict(self).items() if value not in (None, "")}
        return json.dumps(facts, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def read(cls, value: bytes) -> ApprovalDocument | None:
        """Read what `write` returned; None if it is something else, as any endpoint may write it."""
        if len(value) > 2 * LARGEST_DOCUMENT:
            return None
        try:
            facts = json.loads(value)
        except (ValueError, RecursionError):
            return None
        if not isinstance(facts, dict):
            return None
        texts = (facts.get("title", ""), facts.get("details", ""))
        schema = facts.get("schema")
        if not all(isinstance(text, str) for text in texts) or not isinstance(schema, dict | None):
            return None
        return cls(**{one.name: facts[one.name] for one in fields(cls) if one.name in facts})
