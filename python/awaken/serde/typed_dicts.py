"""Typed dicts, and dataclasses that msgspec does not support, in a form that it can read.

Other SDKs do not validate typed dicts, so applications and their callers leave out keys and send additional ones. So
only the declared keys that are present are converted, and everything else passes unchanged.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING
from types import NoneType
from typing import (
    TYPE_CHECKING,
    Any,
    NotRequired,
    Required,
    TypedDict,
    get_args,
    get_origin,
    is_typeddict,
)

from awaken.serde.annotations import hints_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["copy_with", "fields_of", "fields_of_dataclass", "is_dataclass_type", "is_typed_dict"]


def is_typed_dict(annotation: Any) -> bool:
    """Return whether this is a typed dict, of the standard library or of a third party."""
    return is_typeddict(annotation) or (
        isinstance(annotation, type)
        and issubclass(annotation, dict)
        and hasattr(annotation, "__required_keys__")
    )


def is_dataclass_type(annotation: Any) -> bool:
    """Return whether this is a dataclass, rather than an instance of one."""
    return isinstance(annotation, type) and dataclasses.is_dataclass(annotation)


def copy_with(cls: Any, visit: Callable[[Any], Any], *, is_loose: bool = False) -> Any:
    """Return a typed dict with the same keys and other types of values.

    Args:
        cls: the typed dict, in which a value that may be None may also be missing, or the dataclass.
        visit: returns the new type for the type of a value.
        is_loose: whether any value may be missing.

    Raises:
        NameError: the type refers to a name that does not exist yet.
    """
    fields: dict[str, Any] = {}
    declared = fields_of(cls) if is_typed_dict(cls) else fields_of_dataclass(cls)
    for key, hint, is_required in declared:
        visited = visit(hint)
        fields[key] = visited if is_required and not is_loose else NotRequired[visited]
    make: Any = TypedDict
    copy = make(cls.__name__, fields)
    copy.__module__ = cls.__module__
    return copy


def fields_of(cls: Any) -> Iterator[tuple[str, Any, bool]]:
    """Yield key, type and whether the key is required, for each declared key."""
    for key, hint in hints_of(cls).items():
        # The class does not know of these where its annotations are text.
        is_required = key in cls.__required_keys__
        while (marker := get_origin(hint)) in (NotRequired, Required):
            is_required = marker is Required
            (hint,) = get_args(hint)  # the type inside of the marker
        yield key, hint, is_required and NoneType not in get_args(hint)


def fields_of_dataclass(cls: Any) -> Iterator[tuple[str, Any, bool]]:
    """Yield name, type and whether it is required, for each parameter of the constructor."""
    hints = hints_of(cls)
    for field in dataclasses.fields(cls):
        if field.init:
            is_required = field.default is MISSING and field.default_factory is MISSING
            yield field.name, hints[field.name], is_required
