"""The tree of futures that an invocation awaits, as JSON: `{"Single": {...}}`, and combinators over lists of trees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from awaken.outcomes import FIRST_AWAKEABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "awaited_awakeables",
    "describe_besides",
    "describe_future",
    "describe_leaf",
    "leaves_of",
    "read_leaves",
]

#: What is listed beside an awakeable, at most: a handler may gather thousands.
_MOST: Final = 10


def describe_future(text: str) -> str:
    """Say what a tree waits for, for people."""
    return ", ".join(_texts(read_leaves(text))) or "nothing that is known"


def awaited_awakeables(text: str | None) -> set[int]:
    """Return the signal indexes of the awakeables in a tree."""
    return _awakeables(read_leaves(text))


def describe_besides(text: str | None) -> dict[int, tuple[str, ...]]:
    """Return what else a tree waits for beside each of its awakeables, for people, by signal index."""
    leaves = read_leaves(text)
    texts = _texts(leaves)
    shown, hidden = texts[: _MOST + 1], len(texts) - 1 - _MOST
    more = (f"{hidden} more",) if hidden > 0 else ()
    return {
        index: (*[one for one in shown if one != f"awakeable {index}"][:_MOST], *more)
        for index in _awakeables(leaves)
    }


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


def describe_leaf(leaf: Mapping[str, Any]) -> str:
    """Say what a leaf waits for; an empty text for signals of the runtime itself."""
    index = leaf.get("SignalIndex")
    if index is not None:
        return f"awakeable {index}" if _is_awakeable(index) else ""
    return ", ".join(f"{kind} {value}" for kind, value in leaf.items())


def read_leaves(text: str | None) -> list[dict[str, Any]]:
    """Return the leaves; none of what is not a tree, which a damaged row may have."""
    try:
        return list(leaves_of(json.loads(text))) if text else []
    except (ValueError, RecursionError):
        return []


def _awakeables(leaves: Iterable[Mapping[str, Any]]) -> set[int]:
    return {leaf["SignalIndex"] for leaf in leaves if _is_awakeable(leaf.get("SignalIndex"))}


def _is_awakeable(index: object) -> bool:
    return isinstance(index, int) and index >= FIRST_AWAKEABLE


def _texts(leaves: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted({describe_leaf(leaf) for leaf in leaves} - {""})
