"""Bytes to a value of an annotated type.

msgspec reads almost everything, in one pass and with the place of a mistake. What it leaves to us is put in its
place as a class that msgspec calls us back for:

* pydantic models and dataclasses, which pydantic has to validate;
* unions msgspec cannot tell apart, such as two dataclasses: their members are tried in the order written;
* dataclasses with such unions in their fields;
* typed dicts, of which everything may be missing and to which everything may be added.

An `Iterable` is read as a list.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import is_dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, LiteralString, Union, get_args, get_origin

import msgspec

from awaken.errors import SerdeError
from awaken.serde.annotations import allows_none, is_untyped, raw_type, type_name
from awaken.serde.inspection import custom_types
from awaken.serde.models import is_pydantic
from awaken.serde.typed_dicts import copy_with, fields_of, is_typed_dict
from awaken.serde.validation import adapter, describe, read_error, validate_json

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "is_pydantic_union",
    "is_refused_dataclass",
    "mentions_pydantic",
    "read_json",
    "reader_for",
    "rewrite",
]


def read_json(data: bytes) -> Any:
    """Read plain JSON values; no bytes are None.

    Raises:
        SerdeError: the bytes are not JSON.
    """
    if not data:
        return None
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return _read_lenient(data)


def is_pydantic_union(annotation: Any) -> bool:
    """Tell whether every member of a union is pydantic's, which then finds the best one by itself."""
    return get_origin(annotation) in (Union, UnionType) and all(
        member is NoneType or is_pydantic(member) for member in get_args(annotation)
    )


def reader_for(annotation: Any) -> Callable[[bytes], Any]:
    """Return the function that reads this type; it is built once.

    Raises:
        TypeError: this type cannot be read from JSON.
        NameError: the type refers to a name that does not exist yet.
    """
    try:
        return _shared_reader(annotation)
    except TypeError as error:
        if not str(error).startswith("unhashable"):
            raise
        return _build_reader(annotation)


def _build_reader(annotation: Any) -> Callable[[bytes], Any]:
    if is_untyped(annotation):
        return read_json
    kind = raw_type(annotation)
    if kind is not None:
        return (lambda data: kind(data) if data else None) if allows_none(annotation) else kind
    return _typed(annotation).read


_shared_reader = lru_cache(maxsize=1024)(_build_reader)


#: Types whose readers are being built, by identity: a type may contain itself.
_being_built: set[int] = set()


def _typed(annotation: Any) -> Reader | _LaterReader:
    if is_pydantic(annotation):
        return _PydanticReader(annotation)
    if id(annotation) in _being_built:
        return _LaterReader(annotation)
    _being_built.add(id(annotation))
    try:
        return _build_typed(annotation)
    finally:
        _being_built.discard(id(annotation))


def _build_typed(annotation: Any) -> Reader:
    rewritten, placeholders = rewrite(annotation, is_loose=is_typed_dict(annotation))
    try:
        foreign = custom_types(rewritten)
    except TypeError as error:
        # A union in a field of a dataclass; pydantic can read it, if it has a say in this type at all.
        if mentions_pydantic(annotation):
            return _PydanticReader(annotation)
        raise TypeError(f"cannot read {type_name(annotation)} from JSON: {error}") from error
    for cls in foreign:
        if cls not in placeholders and not is_pydantic(cls):
            raise TypeError(
                f"cannot read {type_name(annotation)} from JSON: {type_name(cls)} is not a dataclass, typed "
                "dict, msgspec.Struct or pydantic model; use one of these, or pass a serde of your own"
            )
    reader = _MsgspecReader(annotation, rewritten, placeholders)
    if is_typed_dict(annotation):
        return _TypedDictReader(reader)
    return _DataclassReader(reader) if is_refused_dataclass(annotation) else reader


class _LaterReader:
    """Reads a type inside of itself: its reader is found when there is something to read."""

    def __init__(self, annotation: Any) -> None:
        self.annotation = annotation
        self._reader: Any = None

    def read(self, data: bytes) -> Any:
        return self.convert(read_json(data))

    def convert(self, plain: Any) -> Any:
        return self.found().convert(plain)

    def found(self) -> Any:
        if self._reader is None:
            self._reader = _typed(self.annotation)
        return self._reader


class _DataclassReader:
    """Reads a dataclass that msgspec refuses.

    Args:
        reader: of its fields, as a typed dict.
    """

    def __init__(self, reader: _MsgspecReader) -> None:
        self.annotation = reader.annotation
        self._reader = reader

    def read(self, data: bytes) -> Any:
        return None if not data else self._make(self._reader.read(data))

    def convert(self, plain: Any) -> Any:
        return self._make(self._reader.convert(plain))

    def _make(self, values: dict[str, Any]) -> Any:
        try:
            return self.annotation(**values)
        except (ValueError, TypeError) as error:  # its own checks
            raise SerdeError("read", type_name(self.annotation), str(error)) from error


class _TypedDictReader:
    """Reads a typed dict: converts what is declared and there, and leaves everything else.

    Args:
        reader: of a copy in which nothing is required.
    """

    def __init__(self, reader: _MsgspecReader) -> None:
        self.annotation = reader.annotation
        self._reader = reader
        fields = list(fields_of(self.annotation))
        self._keys = frozenset(key for key, _, _ in fields)
        self._required = frozenset(key for key, _, is_required in fields if is_required)

    def read(self, data: bytes) -> Any:
        plain = read_json(data)
        if plain is None and not data:
            return None
        try:
            return self.convert(plain)
        except (ValueError, RecursionError) as error:
            raise read_error(error, self.annotation) from error

    def convert(self, plain: Any) -> Any:
        converted = self._reader.convert(plain)
        return {key: converted.get(key, value) for key, value in plain.items()}

    def misfit(self, plain: dict[str, Any]) -> tuple[int, int]:
        """Count the keys that are missing, and those that are not declared: the least is the best fit in a union."""
        return len(self._required - plain.keys()), len(plain.keys() - self._keys)


class _PydanticReader:
    """Reads a type with pydantic."""

    def __init__(self, annotation: Any) -> None:
        self.annotation = annotation
        self._adapter = adapter(annotation)

    def read(self, data: bytes) -> Any:
        if not data:
            return None
        try:
            return validate_json(self._adapter, data)
        except (ValueError, RecursionError) as error:
            raise read_error(error, self.annotation) from error

    def convert(self, plain: Any) -> Any:
        # By way of JSON: strict models take a date from JSON text, but not from a Python str.
        return validate_json(self._adapter, json.dumps(plain).encode())


class _MsgspecReader:
    """Reads a type with msgspec, and with others where msgspec asks.

    Args:
        annotation: the type as written, for messages.
        rewritten: the type with placeholders in it.
        placeholders: what each of them stands for.
    """

    def __init__(self, annotation: Any, rewritten: Any, placeholders: dict[type, Any]) -> None:
        self.annotation = annotation
        self._rewritten = rewritten
        self._placeholders = placeholders
        # At once for placeholders: a member nobody can read has to be found out where the type is declared.
        self._readers = {placeholder: self._find_reader(placeholder) for placeholder in placeholders}
        self._decode = msgspec.json.Decoder(rewritten, dec_hook=self._ask).decode

    def read(self, data: bytes) -> Any:
        if not data:
            return None
        try:
            try:
                return self._decode(data)
            except msgspec.ValidationError:
                raise
            except msgspec.DecodeError:
                return self.convert(_read_lenient(data))
        except SerdeError as error:
            raise SerdeError("read", type_name(self.annotation), error.reason, error.path) from error
        except (ValueError, RecursionError) as error:
            raise read_error(error, self.annotation) from error

    def convert(self, plain: Any) -> Any:
        return msgspec.convert(plain, self._rewritten, str_keys=True, dec_hook=self._ask)

    def _ask(self, cls: type, plain: Any) -> Any:
        reader = self._readers.get(cls)
        if reader is None:
            reader = self._readers[cls] = self._find_reader(cls)
        try:
            return reader(plain)
        except ValueError as error:
            reason, path = describe(error)
            # msgspec adds the place of this value; the place inside of it is ours to tell.
            raise ValueError(reason if path in ("", "$") else f"{reason} (at {path} in it)") from error

    def _find_reader(self, cls: type) -> Callable[[Any], Any]:
        stands_for = self._placeholders.get(cls, cls)
        members = get_args(stands_for) if get_origin(stands_for) in (Union, UnionType) else ()
        if is_pydantic(stands_for) or is_pydantic_union(stands_for):
            return _PydanticReader(stands_for).convert
        if not members:
            return _typed(stands_for).convert
        return _first_of([member for member in members if member is not NoneType], stands_for)


def _first_of(members: list[Any], union: Any) -> Callable[[Any], Any]:
    readers = [_typed(member) for member in members]

    def read(plain: Any) -> Any:
        reasons = []
        candidates: list[tuple[tuple[int, int], Any]] = []
        for each in readers:
            reader = each.found() if isinstance(each, _LaterReader) else each
            try:
                value = reader.convert(plain)
            except ValueError as error:
                reasons.append(f"{type_name(reader.annotation)}: {describe(error)[0]}")
                continue
            misfit = reader.misfit(plain) if isinstance(reader, _TypedDictReader) else (0, 0)
            if misfit == (0, 0):
                return value
            candidates.append((misfit, value))
        if candidates:
            return min(candidates, key=lambda candidate: candidate[0])[1]
        raise ValueError(f"fits no member of {type_name(union)} ({'; '.join(reasons)})")

    return read


class _Placeholder(type):
    """Class of placeholders: msgspec checks what we answer, and a placeholder stands for any value."""

    def __instancecheck__(cls, instance: object) -> bool:
        return True


Reader = _MsgspecReader | _PydanticReader | _TypedDictReader | _DataclassReader


def rewrite(annotation: Any, *, is_loose: bool = False) -> tuple[Any, dict[type, Any]]:
    """Put placeholder classes where msgspec needs help; return the annotation and what they stand for.

    Args:
        annotation: the type as written; of a typed dict itself, its values are rewritten.
        is_loose: whether everything in that typed dict may be missing.
    """
    placeholders: dict[type, Any] = {}

    def visit(part: Any) -> Any:
        origin, args = get_origin(part), get_args(part)
        if part is LiteralString:
            return str
        if part is Iterable or origin is Iterable:
            return list[visit(args[0]) if args else Any]  # type: ignore[misc]  # a type made here
        if is_typed_dict(part) or is_refused_dataclass(part):
            return replace(part)
        if origin in (Union, UnionType) and not _is_known(part):
            optional = NoneType in args
            placeholder = replace(part)
            return placeholder | None if optional else placeholder
        if is_pydantic(part) and hasattr(part, "__dataclass_fields__"):
            return replace(part)
        if not args or origin is Literal:
            return part
        if origin is Annotated:
            inner = visit(args[0])
            return part if inner is args[0] else Annotated[(inner, *part.__metadata__)]
        visited = tuple(visit(arg) for arg in args)
        if all(new is old for new, old in zip(visited, args, strict=True)):
            return part
        generic: Any = Union if origin in (Union, UnionType) else origin
        return generic[visited]

    def replace(part: Any) -> type:
        placeholder = _Placeholder("Union", (), {})
        placeholders[placeholder] = part
        return placeholder

    if is_typed_dict(annotation) or is_refused_dataclass(annotation):
        return copy_with(annotation, visit, is_loose=is_loose), placeholders
    return visit(annotation), placeholders


def is_refused_dataclass(annotation: Any) -> bool:
    """Tell whether this is a dataclass with unions in its fields that msgspec cannot tell apart."""
    return (
        isinstance(annotation, type)
        and is_dataclass(annotation)
        and not mentions_pydantic(annotation)
        and not _is_readable(annotation)
    )


def _is_known(union: Any) -> bool:
    """Tell whether msgspec can tell the members of this union apart, with placeholders for typed dicts among them."""
    members = [member for member in get_args(union) if member is not NoneType]
    if len(members) > 1 and any(is_typed_dict(member) for member in members):
        return False
    return _is_readable(union)


def _is_readable(annotation: Any) -> bool:
    try:
        msgspec.json.Decoder(annotation)
    except TypeError:
        return False
    return True


def mentions_pydantic(annotation: Any, seen: frozenset[int] = frozenset()) -> bool:
    """Tell whether pydantic has a say in this type, or in a type inside of it."""
    if is_pydantic(annotation):
        return True
    if id(annotation) in seen:
        return False
    seen |= {id(annotation)}
    parts: list[Any] = list(get_args(annotation))
    if isinstance(annotation, type) and hasattr(annotation, "__annotations__"):
        parts.extend(_field_types(annotation))
    return any(mentions_pydantic(part, seen) for part in parts)


def _field_types(cls: type) -> list[Any]:
    from typing import get_type_hints

    return list(get_type_hints(cls).values())


def _read_lenient(data: bytes) -> Any:
    """Read what the standard library reads and msgspec refuses: other SDKs have journaled NaN."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SerdeError("read", "JSON", f"the body is not JSON: {reason}") from error
