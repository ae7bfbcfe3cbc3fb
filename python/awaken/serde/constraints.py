"""The conditions that an annotation imposes on its values, and their form in msgspec."""

from __future__ import annotations

from collections import abc
from typing import Any

import msgspec

from awaken.serde.annotations import is_field_info

__all__ = ["as_msgspec", "constraints_of"]

#: The conditions of a `msgspec.Meta`.
_CONDITIONS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length", "tz")
#: The conditions of annotated-types, which fields of pydantic use as well, and their names in msgspec.
_MSGSPEC_NAMES = {
    "Gt": "gt",
    "Ge": "ge",
    "Lt": "lt",
    "Le": "le",
    "MultipleOf": "multiple_of",
    "MinLen": "min_length",
    "MaxLen": "max_length",
}


def constraints_of(annotated: Any) -> list[Any]:
    """Return the conditions of an `Annotated`: those of msgspec, of annotated-types and of pydantic."""
    found: list[Any] = []
    pending = list(reversed(annotated.__metadata__))
    while pending:
        each = pending.pop()
        library = type(each).__module__.partition(".")[0]
        if isinstance(each, msgspec.Meta):
            found.extend([each] if any(getattr(each, name) is not None for name in _CONDITIONS) else [])
        elif is_field_info(each):
            found.extend([each] if each.discriminator is not None else [])
            pending.extend(reversed(each.metadata))
        elif library == "annotated_types":
            pending.extend(reversed(list(each)) if isinstance(each, abc.Iterable) else [])
            found.extend([] if isinstance(each, abc.Iterable) or type(each).__name__ == "DocInfo" else [each])
        elif library == "pydantic" or hasattr(each, "__get_pydantic_core_schema__"):
            found.append(each)
    return found


def as_msgspec(constraints: list[Any]) -> list[msgspec.Meta] | None:
    """Return the constraints in the form of msgspec; None if msgspec does not support one of them."""
    translated: list[msgspec.Meta] = []
    for each in constraints:
        if isinstance(each, msgspec.Meta):
            translated.append(each)
            continue
        name = _MSGSPEC_NAMES.get(type(each).__name__)
        if name is None or type(each).__module__ != "annotated_types":
            return None
        try:
            translated.append(msgspec.Meta(**{name: getattr(each, name)}))
        except TypeError:  # of dates and the like
            return None
    return translated
