"""The tree of futures that an invocation awaits, as JSON: `{"Single": {...}}`, and combinators over lists of trees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from awaken.outcomes import FIRST_AWAKEABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["awaited_awakeables", "describe_future", "leaves_of"]


def describe_future(text: str) -> str:
    """Say what a tree waits for, for people."""
    return ", ".join(sorted(_texts(text))) or "nothing that is known"


def awaited_awakeables(text: str | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the signal index of each awakeable in a tree, and what else the tree waits for, for people."""
    if not text:
        return
    indexes = {leaf["SignalIndex"] for leaf in leaves_of(json.loads(text)) if "SignalIndex" in leaf}
    texts = _texts(text)
    for index in sorted(index for index in indexes if index >= FIRST_AWAKEABLE):
        yield index, tuple(sorted(texts - {f"awakeable {index}"}))


def leaves_of(future: Any) -> Iterator[dict[str, Any]]:
    """Walk a tree."""
    if isinstance(future, list):
        for part in future:
            yield from leaves_of(part)
    elif isinstance(future, dict):
        for kind, inner in future.items():
            if kind == "Single" and isinstance(inner, dict):
                yield inner
            else:
                yield from leaves_of(inner)


def _texts(text: str) -> set[str]:
    return {_describe(leaf) for leaf in leaves_of(json.loads(text))} - {""} if text else set()


def _describe(leaf: Mapping[str, Any]) -> str:
    index = leaf.get("SignalIndex")
    if index is not None:
        return f"awakeable {index}" if index >= FIRST_AWAKEABLE else ""
    return ", ".join(f"{kind} {value}" for kind, value in leaf.items())
