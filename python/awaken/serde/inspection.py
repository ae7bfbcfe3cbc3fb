"""Predicates over a type and all types inside of it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["custom_types", "mentions_set"]


@lru_cache(maxsize=1024)
def mentions_set(annotation: Any) -> bool:
    """Return whether values of this type may contain a set."""
    from msgspec import inspect

    unordered = (inspect.SetType, inspect.FrozenSetType, inspect.AnyType, inspect.CustomType)
    try:
        return any(isinstance(node, unordered) for node in _nodes(inspect.type_info(annotation)))
    except (TypeError, NameError):  # it can be written all the same, and may contain anything
        return True


def custom_types(annotation: Any) -> list[Any]:
    """Return the classes in this type that msgspec calls back for.

    Raises:
        TypeError: msgspec does not support the type.
        NameError: the type refers to a name that does not exist yet.
    """
    from msgspec import inspect

    nodes = _nodes(inspect.type_info(annotation))
    return [node.cls for node in nodes if isinstance(node, inspect.CustomType)]


def _nodes(root: Any) -> Iterator[Any]:
    """Walk the description of a type. It has cycles if a type refers to itself."""
    seen: set[int] = set()
    pending = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, tuple):
            pending.extend(node)
        elif isinstance(node, msgspec.Struct) and id(node) not in seen:
            seen.add(id(node))
            yield node
            pending.extend(getattr(node, name) for name in node.__struct_fields__)
