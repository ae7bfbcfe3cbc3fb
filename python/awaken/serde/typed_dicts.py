"""Typed dicts as msgspec can read them.

A key that may be None may also be missing, and is missing then: other SDKs do not look into typed dicts at all, so that
applications and their callers leave such keys out and read them with `get`.
"""

from __future__ import annotations

from types import NoneType
from typing import (
    TYPE_CHECKING,
    Any,
    NotRequired,
    Required,
    TypedDict,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["copy_with", "is_typed_dict"]


def is_typed_dict(annotation: Any) -> bool:
    """Tell whether this is the class of a typed dict; those of third parties have the same look."""
    return is_typeddict(annotation) or (
        isinstance(annotation, type)
        and issubclass(annotation, dict)
        and hasattr(annotation, "__required_keys__")
    )


def copy_with(cls: Any, visit: Callable[[Any], Any]) -> Any:
    """Return the typed dict with other types of values, and with optional values optional; itself if none is changed.

    Args:
        cls: the typed dict.
        visit: gives the type to read for a type as written.

    Raises:
        NameError: the type refers to a name that does not exist yet.
    """
    fields: dict[str, Any] = {}
    is_changed = False
    for key, hint in get_type_hints(cls, include_extras=True).items():
        # The class does not know of these where its annotations are text.
        is_required = key in cls.__required_keys__
        while (marker := get_origin(hint)) in (NotRequired, Required):
            is_required = marker is Required
            (hint,) = get_args(hint)  # what is inside
        visited = visit(hint)
        is_loosened = is_required and NoneType in get_args(hint)
        is_changed = is_changed or is_loosened or visited is not hint
        fields[key] = visited if is_required and not is_loosened else NotRequired[visited]
    if not is_changed:
        return cls
    make: Any = TypedDict
    copy = make(cls.__name__, fields)
    copy.__module__ = cls.__module__
    return copy
