"""Properties of annotations: what they consist of, and which conditions they impose."""

from __future__ import annotations

import sys
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

__all__ = [
    "RecursiveAlias",
    "alias_value",
    "allows_none",
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


def type_name(annotation: Any) -> str:
    """Return the name of a type, for error texts."""
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation.__qualname__.rpartition("<locals>.")[2]
    return str(annotation).replace("typing.", "")


def is_union(annotation: Any) -> bool:
    """Return whether this is a union, in either notation."""
    return get_origin(annotation) in (Union, UnionType)


def is_untyped(annotation: Any) -> bool:
    """Return whether an annotation accepts anything. So does a name that cannot be resolved."""
    return annotation in (Any, object) or isinstance(annotation, (TypeVar, ForwardRef, str))


def is_raw(annotation: Any) -> bool:
    """Return whether values of this type are passed verbatim: bytes under any name, or optional bytes."""
    return raw_type(annotation) is not None


def raw_type(annotation: Any) -> type | None:
    """Return `bytes`, `bytearray` or `memoryview` if this is one of them, optional or under another name."""
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
    """Return whether None is a value of this type. Without an annotation, it is."""
    annotation = named_type(annotation)
    if annotation in (None, NoneType) or is_untyped(annotation):
        return True
    if get_origin(annotation) is Annotated:
        return allows_none(get_args(annotation)[0])
    return is_union(annotation) and any(allows_none(part) for part in get_args(annotation))


def alias_value(annotation: Any) -> Any:
    """Return the value of an alias (`type X = ...`), or None if this is not an alias."""
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
    """Evaluate the names in an annotation. If one does not exist, return the annotation unchanged."""
    only = SimpleNamespace(__annotations__={"value": annotation})
    try:
        return get_type_hints(only, scope, include_extras=True)["value"]
    except (NameError, AttributeError):
        return annotation


def named_type(annotation: Any) -> Any:
    """Return the type behind a `NewType` or an alias, and any other annotation unchanged."""
    while True:
        if isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif (value := alias_value(annotation)) is not None:
            annotation = value
        else:
            return annotation


def with_parts(annotation: Any, visit: Any) -> Any:
    """Return the annotation with `visit` applied to its parts, or the same object if nothing changed."""
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


def is_field_info(value: Any) -> bool:
    """Return whether this is the result of pydantic's `Field(...)`. Pydantic is not imported."""
    return type(value).__name__ == "FieldInfo" and type(value).__module__.partition(".")[0] == "pydantic"


def hints_of(cls: Any) -> dict[str, Any]:
    """Return the evaluated annotations of a class.

    Raises:
        NameError: one of them names something that does not exist, or not yet.
    """
    try:
        return get_type_hints(cls, include_extras=True)
    except AttributeError as error:  # of a module that is still being imported
        raise NameError(str(error)) from error


class RecursiveAlias:
    """The reference to itself in an alias by assignment, such as `Json = dict[str, "Json"] | int`."""

    def __init__(self, name: str, scope: dict[str, Any]) -> None:
        self.__name__ = name
        self._scope = scope

    def __call__(self) -> None:
        """Do nothing. `typing` accepts only callable objects as types."""

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
    """Return the annotation with its references to itself resolved, which evaluation leaves as names."""

    def visit(part: Any) -> Any:
        name = part.__forward_arg__ if isinstance(part, ForwardRef) else part
        if isinstance(name, str):
            return RecursiveAlias(name, scope) if name in scope else part
        return with_parts(part, visit)

    return visit(annotation)
