"""Questions about an annotation that need no reader: what it is made of, and how much it demands."""

from __future__ import annotations

import collections
import collections.abc as abc
from enum import IntEnum
from types import NoneType, UnionType
from typing import Annotated, Any, ForwardRef, LiteralString, NewType, TypeVar, Union, get_args, get_origin

import msgspec

__all__ = [
    "Fit",
    "alias_value",
    "allows_none",
    "fit_of",
    "is_constraint",
    "is_raw",
    "is_union",
    "is_untyped",
    "named_type",
    "raw_type",
    "type_name",
    "widened",
    "with_parts",
]

_PLAIN_TYPES = (None, NoneType, str, int, float, bool, LiteralString)
_LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)
#: What JSON has no form of its own for, and what Python has built in (or its `collections`).
_CONVERTED = (
    *(tuple, set, frozenset, abc.Set, abc.MutableSet, bytes, bytearray, memoryview),
    *(collections.deque, collections.Counter, collections.OrderedDict, collections.defaultdict),
)


class Fit(IntEnum):
    """How much a value has to fit its annotation, where nothing says that everything is checked."""

    #: Builtins that JSON knows: every value passes as it is.
    PLAIN = 0
    #: Other builtins, such as sets: a value that fits is converted, and every other one passes as it is.
    CONVERTED = 1
    #: A type of the author's or of a library, somewhere in it: a value that does not fit is refused.
    CHECKED = 2


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
    """Return what an alias (`type X = ...`) stands for, or None when this is none."""
    args = get_args(annotation)
    alias = get_origin(annotation) if args else annotation
    if type(alias).__name__ not in ("TypeAliasType", "RecursiveAlias"):
        return None
    if alias.__name__ == "JsonValue":  # pydantic's: any JSON
        return Any
    return alias.__value__[args] if args else alias.__value__


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
    if origin is Annotated:
        inner = visit(args[0])
        return annotation if inner is args[0] else Annotated[(inner, *annotation.__metadata__)]
    visited = tuple(visit(arg) for arg in args)
    if all(new is old for new, old in zip(visited, args, strict=True)):
        return annotation
    generic: Any = Union if is_union(annotation) else origin
    return generic[visited]


def fit_of(annotation: Any, seen: frozenset[int] = frozenset()) -> Fit:
    """Tell how much a value has to fit."""
    if id(annotation) in seen:
        return Fit.PLAIN
    seen |= {id(annotation)}
    annotation = named_type(annotation)
    origin, args = get_origin(annotation), get_args(annotation)
    kind = origin or annotation
    if is_untyped(annotation) or _is_one_of(kind, _PLAIN_TYPES):
        return Fit.PLAIN
    if origin is Annotated:
        return Fit.CHECKED if any(map(is_constraint, annotation.__metadata__)) else fit_of(args[0], seen)
    of_parts = max((fit_of(part, seen) for part in args if part is not ...), default=Fit.PLAIN)
    if is_union(annotation) or _is_one_of(kind, _LISTS):
        return of_parts
    if _is_one_of(kind, _MAPPINGS):
        return of_parts if not args or named_type(args[0]) in (str, Any) else max(of_parts, Fit.CONVERTED)
    return max(of_parts, Fit.CONVERTED) if _is_one_of(kind, _CONVERTED) else Fit.CHECKED


def is_constraint(metadata: Any) -> bool:
    """Tell whether what is written into `Annotated` demands something of a value."""
    return isinstance(metadata, msgspec.Meta)


def widened(annotation: Any) -> Any:
    """Return the annotation with floats that may be integers: 2 stays 2, as JSON has it."""
    if annotation is float:
        return int | float
    return with_parts(annotation, widened) if get_origin(annotation) not in _MAPPINGS else annotation


def _is_one_of(kind: Any, types: tuple[Any, ...]) -> bool:
    return any(kind is each for each in types)
