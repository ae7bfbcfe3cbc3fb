"""Annotations in a form that msgspec accepts, with placeholder classes where it needs help.

msgspec calls back for a placeholder, with the plain values in its place. Placeholders stand for:

* unions that msgspec cannot tell apart, such as two dataclasses: the members are tried in order;
* dataclasses with fields that msgspec needs help with;
* typed dicts, in which keys may be missing or added;
* types that msgspec does not support, and aliases inside of themselves.

An `Iterable` is read as a list.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, ForwardRef, LiteralString, NewType, Union, get_args, get_origin

from awaken.serde.annotations import alias_value, hints_of, is_union, with_parts
from awaken.serde.constraints import constraints_of
from awaken.serde.foreign import is_foreign, is_readable, msgspec_form
from awaken.serde.models import is_pydantic
from awaken.serde.typed_dicts import copy_with, is_dataclass_type, is_typed_dict

__all__ = [
    "is_pydantic_union",
    "is_refused_dataclass",
    "mentions_pydantic",
    "refuse_init_vars",
    "rewrite",
]


def is_pydantic_union(annotation: Any) -> bool:
    """Return whether all members of a union belong to pydantic, which then finds the best one itself."""
    return get_origin(annotation) in (Union, UnionType) and all(
        member is NoneType or is_pydantic(member) for member in get_args(annotation)
    )


class _Placeholder(type):
    """The class of placeholders. msgspec checks the value that a callback returns, which may be of any type."""

    def __instancecheck__(cls, instance: object) -> bool:
        return True


def rewrite(annotation: Any, *, is_loose: bool = False) -> tuple[Any, dict[type, Any]]:
    """Return the annotation with placeholders where msgspec needs help, and the type of each placeholder.

    Args:
        annotation: the type as written. If it is a typed dict, the types of its values are rewritten.
        is_loose: whether all keys of that typed dict may be missing.
    """
    placeholders: dict[type, Any] = {}
    open_aliases: list[Any] = []

    def visit(part: Any) -> Any:
        if part is LiteralString:
            return str
        if part is object or isinstance(part, (str, ForwardRef)):
            return Any
        if isinstance(part, NewType):
            return visit(part.__supertype__)
        value = alias_value(part)
        if value is not None:
            return visit_alias(part, value)
        origin, args = get_origin(part), get_args(part)
        if part is Iterable or origin is Iterable:
            return list[visit(args[0]) if args else Any]  # type: ignore[misc]  # a type made here
        if is_typed_dict(part) or is_refused_dataclass(part):
            return replace(part)
        if is_union(part) and not _is_known(part):
            placeholder = replace(part)
            return placeholder | None if NoneType in args else placeholder
        if is_pydantic(part):
            return replace(part) if hasattr(part, "__dataclass_fields__") else part
        if is_foreign(part):
            return replace(part)
        return with_parts(msgspec_form(part) if origin is Annotated else part, visit)

    def visit_alias(alias: Any, value: Any) -> Any:
        if alias in open_aliases:
            return replace(alias)
        open_aliases.append(alias)
        try:
            return visit(value)
        finally:
            open_aliases.pop()

    def replace(part: Any) -> type:
        placeholder = _Placeholder("Union", (), {})
        placeholders[placeholder] = part
        return placeholder

    if is_typed_dict(annotation) or is_refused_dataclass(annotation):
        return copy_with(annotation, visit, is_loose=is_loose), placeholders
    return visit(annotation), placeholders


def is_refused_dataclass(annotation: Any) -> bool:
    """Return whether this is a dataclass with fields that msgspec needs help with."""
    if not is_dataclass_type(annotation) or is_pydantic(annotation):
        return False
    if any(_needs_help(part) for part in _parts_of(annotation)):
        return True
    return not mentions_pydantic(annotation) and not is_readable(annotation)


def _needs_help(part: Any) -> bool:
    if get_origin(part) is Annotated:
        return any(type(each).__module__.partition(".")[0] != "msgspec" for each in constraints_of(part))
    is_whole = isinstance(part, type) or get_origin(part) is not None
    return part is object or alias_value(part) is not None or (is_whole and is_foreign(part))


def _is_known(union: Any) -> bool:
    """Return whether msgspec can tell the members of this union apart by itself."""
    members = [member for member in get_args(union) if member is not NoneType]
    if len(members) > 1 and any(
        is_typed_dict(member) or is_refused_dataclass(member) or _needs_help(member) for member in members
    ):
        return False
    return len(members) == 1 or is_readable(union)


def mentions_pydantic(annotation: Any) -> bool:
    """Return whether this type, or a type inside of it, belongs to pydantic."""
    return any(map(is_pydantic, _parts_of(annotation)))


def refuse_init_vars(annotation: Any) -> None:
    """Check for dataclasses, here or in types inside, whose constructor takes more than is written.

    Raises:
        TypeError: there is one.
    """
    for part in _parts_of(annotation):
        if not is_dataclass_type(part):
            continue
        for name, field in part.__dataclass_fields__.items():
            is_init_var = field._field_type is dataclasses._FIELD_INITVAR  # type: ignore[attr-defined]  # no public way
            if is_init_var and field.default is dataclasses.MISSING:
                raise TypeError(
                    f"cannot read {part.__qualname__.rpartition('<locals>.')[2]} from JSON: its constructor takes "
                    f"{name!r}, an InitVar, which instances do not keep, so that it is not written; give it a default, "
                    "or make it a field"
                )


def _parts_of(annotation: Any) -> list[Any]:
    """Return a type and all types inside of it, including those of the fields of classes.

    Raises:
        NameError: a field refers to a name that does not exist yet.
    """
    found: list[Any] = []
    pending = [annotation]
    while pending:
        part = pending.pop()
        if any(part is known for known in found):
            continue
        found.append(part)
        if isinstance(part, NewType):
            pending.append(part.__supertype__)
        pending.extend(get_args(part))
        if is_pydantic(part):
            continue
        if (
            is_dataclass_type(part)
            or is_typed_dict(part)
            or (isinstance(part, type) and hasattr(part, "_fields"))
        ):
            pending.extend(hints_of(part).values())
    return found
