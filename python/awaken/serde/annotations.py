"""Questions about an annotation that need no reader: what it is made of, and what it demands."""

from __future__ import annotations

import sys
from collections import abc
from types import NoneType, SimpleNamespace, UnionType
from typing import (
    Annotated,
    Any,
    ForwardRef,
    Literal,
    NewType,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

__all__ = [
    "RecursiveAlias",
    "alias_value",
    "allows_none",
    "as_msgspec",
    "constraints_of",
    "hints_of",
    "is_field_info",
    "is_raw",
    "is_union",
    "is_untyped",
    "named_type",
    "raw_type",
    "tied",
    "type_name",
    "with_parts",
]

#: What a `msgspec.Meta` can demand.
_CONDITIONS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length", "tz")
#: Conditions of annotated-types, which pydantic's fields keep as well, and how msgspec calls them.
_MSGSPEC_NAMES = {
    "Gt": "gt",
    "Ge": "ge",
    "Lt": "lt",
    "Le": "le",
    "MultipleOf": "multiple_of",
    "MinLen": "min_length",
    "MaxLen": "max_length",
}


def type_name(annotation: Any) -> str:
    """Name a type for people."""
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation.__qualname__.rpartition("<locals>.")[2]
    return str(annotation).replace("typing.", "")


def is_union(annotation: Any) -> bool:
    """Tell whether this is a union, in either notation."""
    return get_origin(annotation) in (Union, UnionType)


def is_untyped(annotation: Any) -> bool:
    """Tell whether an annotation leaves open what is read; a name that nothing resolves does, too."""
    return annotation in (Any, object) or isinstance(annotation, (TypeVar, ForwardRef, str))


def is_raw(annotation: Any) -> bool:
    """Tell whether values of this type cross verbatim: bytes under any of their names, or None."""
    return raw_type(annotation) is not None


def raw_type(annotation: Any) -> type | None:
    """Return `bytes`, `bytearray` or `memoryview` when this is one of them, under whatever name, or None beside it."""
    annotation = named_type(annotation)
    if annotation in (bytes, bytearray, memoryview):
        return annotation  # type: ignore[no-any-return]  # one of these
    if get_origin(annotation) is Annotated:
        return raw_type(get_args(annotation)[0])
    if is_union(annotation):
        kinds = {None if part is NoneType else raw_type(part) or object for part in get_args(annotation)}
        kinds.discard(None)
        [kind, *others] = kinds or {object}
        return None if others or kind is object else kind
    return None


def allows_none(annotation: Any) -> bool:
    """Tell whether None is a value of this type; it is where nothing is said."""
    annotation = named_type(annotation)
    if annotation in (None, NoneType) or is_untyped(annotation):
        return True
    if get_origin(annotation) is Annotated:
        return allows_none(get_args(annotation)[0])
    return is_union(annotation) and any(allows_none(part) for part in get_args(annotation))


def alias_value(annotation: Any) -> Any:
    """Return what an alias (`type X = ...`) stands for, or None when this is not an alias."""
    args = get_args(annotation)
    alias = get_origin(annotation) if args else annotation
    if type(alias).__name__ not in ("TypeAliasType", "RecursiveAlias"):
        return None
    if alias.__name__ == "JsonValue":  # pydantic's: any JSON
        return Any
    value = alias.__value__
    if not isinstance(alias, RecursiveAlias):
        scope = getattr(sys.modules.get(getattr(alias, "__module__", "")), "__dict__", {})
        value = _evaluated(value, {**scope, alias.__name__: alias})
    return value[args] if args else value


def _evaluated(annotation: Any, scope: dict[str, Any]) -> Any:
    """Evaluate the names in an annotation; where one is missing, leave them all."""
    only = SimpleNamespace(__annotations__={"value": annotation})
    try:
        return get_type_hints(only, scope, include_extras=True)["value"]
    except (NameError, AttributeError):
        return annotation


def named_type(annotation: Any) -> Any:
    """Return what a `NewType` or an alias stands for; anything else as it is."""
    while True:
        if isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif (value := alias_value(annotation)) is not None:
            annotation = value
        else:
            return annotation


def with_parts(annotation: Any, visit: Any) -> Any:
    """Return the annotation with `visit` applied to its parts; the same object when nothing changed."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return annotation
    if origin is Annotated:
        inner = visit(args[0])
        return annotation if inner is args[0] else Annotated[(inner, *annotation.__metadata__)]
    visited = tuple(visit(arg) for arg in args)
    if all(new is old for new, old in zip(visited, args, strict=True)):
        return annotation
    generic: Any = Union if is_union(annotation) else origin
    return generic[visited]


def constraints_of(annotated: Any) -> list[Any]:
    """Return what an `Annotated` demands of a value: conditions of msgspec, of annotated-types and of pydantic."""
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


def is_field_info(value: Any) -> bool:
    """Tell whether this is what pydantic's `Field(...)` gives; pydantic itself is not imported."""
    return type(value).__name__ == "FieldInfo" and type(value).__module__.partition(".")[0] == "pydantic"


def as_msgspec(constraints: list[Any]) -> list[msgspec.Meta] | None:
    """Return the constraints as msgspec's; None when there is one that msgspec does not know."""
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


def hints_of(cls: Any) -> dict[str, Any]:
    """Return the annotations of a class, evaluated.

    Raises:
        NameError: one of them names something that does not exist (yet).
    """
    try:
        return get_type_hints(cls, include_extras=True)
    except AttributeError as error:  # of a module that is still being imported
        raise NameError(str(error)) from error


class RecursiveAlias:
    """An alias by assignment that refers to itself (`Json = dict[str, "Json"] | int`), where it does so."""

    def __init__(self, name: str, scope: dict[str, Any]) -> None:
        self.__name__ = name
        self._scope = scope

    def __call__(self) -> None:
        """Pass for a type, as `typing` wants it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecursiveAlias) and (self.__name__, id(self._scope)) == (
            other.__name__,
            id(other._scope),
        )

    def __hash__(self) -> int:
        return hash((self.__name__, id(self._scope)))

    def __repr__(self) -> str:
        return self.__name__

    @property
    def __value__(self) -> Any:
        return tied(_evaluated(self._scope[self.__name__], self._scope), self._scope)


def tied(annotation: Any, scope: dict[str, Any]) -> Any:
    """Return the annotation with its references to itself, which evaluation leaves as names, tied to what they name."""

    def visit(part: Any) -> Any:
        name = part.__forward_arg__ if isinstance(part, ForwardRef) else part
        if isinstance(name, str):
            return RecursiveAlias(name, scope) if name in scope else part
        return with_parts(part, visit)

    return visit(annotation)
