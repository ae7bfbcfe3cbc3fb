"""Bytes to a value of an annotated type.

msgspec reads almost everything, in one pass and with the place of a mistake. Where it needs help, `rewriting` puts a
placeholder, and it asks for the value of that.
"""

from __future__ import annotations

from functools import lru_cache
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from awaken.errors import SerdeError
from awaken.serde.annotations import (
    alias_value,
    allows_none,
    constraints_of,
    is_union,
    is_untyped,
    raw_type,
    type_name,
)
from awaken.serde.foreign import foreign_reader, is_foreign, read_by_pydantic
from awaken.serde.inspection import custom_types
from awaken.serde.models import is_pydantic
from awaken.serde.plain_json import read_json, read_loosely
from awaken.serde.readers import PlainReader, PydanticReader
from awaken.serde.rewriting import (
    is_pydantic_union,
    is_refused_dataclass,
    refuse_init_vars,
    rewrite,
)
from awaken.serde.typed_dicts import fields_of, is_typed_dict
from awaken.serde.validation import describe, read_error

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["is_plain", "lenient_reader_for", "reader_for", "reader_of"]


def reader_for(annotation: Any) -> Callable[[bytes], Any]:
    """Return the function that reads this type; it is built once.

    Raises:
        TypeError: this type, or one inside of it, cannot be read from JSON.
        NameError: the type refers to a name that does not exist yet.
    """
    read, problem = lenient_reader_for(annotation)
    if problem is not None:
        raise TypeError(problem)
    return read


def lenient_reader_for(annotation: Any) -> tuple[Callable[[bytes], Any], str | None]:
    """Return the function that reads this type, and why a part of what it gives is plain JSON, if one is.

    Raises:
        TypeError: what is written of this type is not all that reading it takes.
        NameError: the type refers to a name that does not exist yet.
    """
    try:
        hash(annotation)
    except TypeError:
        return _build_reader(annotation)
    return _shared_reader(annotation)


def is_plain(annotation: Any) -> bool:
    """Tell whether nothing can read this type, so that it comes as plain JSON."""
    return isinstance(reader_of(annotation), PlainReader)


def _build_reader(annotation: Any) -> tuple[Callable[[bytes], Any], str | None]:
    if annotation is None or is_untyped(annotation):
        return read_json, None
    if raw_type(annotation) is not None:
        return _raw_reader(annotation), None
    refuse_init_vars(annotation)
    reader = reader_of(annotation)
    problem = reader.problem
    if problem is not None:
        problem = f"cannot read {type_name(annotation)} from JSON: {problem}"
    return reader.read, problem


_shared_reader = lru_cache(maxsize=1024)(_build_reader)


def _raw_reader(annotation: Any) -> Callable[[bytes], Any]:
    kind: Any = raw_type(annotation)
    if not hasattr(annotation, "__metadata__") or not constraints_of(annotation):
        return (lambda data: kind(data) if data else None) if allows_none(annotation) else kind
    reader = reader_of(annotation)  # its conditions are of the bytes
    check = reader.adapter.validate_python if isinstance(reader, PydanticReader) else reader.convert

    def read(data: bytes) -> Any:
        try:
            return check(kind(data))
        except ValueError as error:
            raise read_error(error, annotation) from error

    return read


#: Types whose readers are being built: a type may contain itself.
_being_built: list[Any] = []


def reader_of(annotation: Any) -> Any:
    """Return the reader of a type, which also converts plain JSON values."""
    if is_pydantic(annotation):
        return PydanticReader(annotation)
    if any(annotation is each or annotation == each for each in _being_built):
        return _LaterReader(annotation)
    _being_built.append(annotation)
    try:
        value = alias_value(annotation)
        if value is not None:
            return reader_of(value)
        return foreign_reader(annotation, reader_of) if is_foreign(annotation) else _build_typed(annotation)
    finally:
        _being_built.pop()


def _build_typed(annotation: Any) -> Any:
    is_loose, is_split = is_typed_dict(annotation), is_refused_dataclass(annotation)
    rewritten, placeholders = rewrite(annotation, is_loose=is_loose)
    try:
        customs = [cls for cls in custom_types(rewritten) if cls not in placeholders and is_foreign(cls)]
        reason = next(
            (f"{type_name(cls)} in it is no type to read" for cls in customs if is_plain(cls)), None
        )
    except TypeError as error:
        reason = str(error)
    if reason is not None:  # msgspec cannot express it, or a part of it where it takes no help
        return read_by_pydantic(annotation) or PlainReader(annotation, reason)
    reader = _MsgspecReader(annotation, rewritten, placeholders)
    if is_loose:
        return _TypedDictReader(reader)
    return _DataclassReader(reader) if is_split else reader


class _LaterReader:
    """Reads a type inside of itself: its reader is found when there is something to read."""

    problem: str | None = None

    def __init__(self, annotation: Any) -> None:
        self.annotation = annotation
        self._reader: Any = None

    def read(self, data: bytes) -> Any:
        return self.convert(read_json(data))

    def convert(self, plain: Any) -> Any:
        return self.found().convert(plain)

    def found(self) -> Any:
        if self._reader is None:
            self._reader = reader_of(self.annotation)
        return self._reader


class _DataclassReader:
    """Reads a dataclass that msgspec refuses.

    Args:
        reader: of its fields, as a typed dict.
    """

    def __init__(self, reader: _MsgspecReader) -> None:
        self.annotation = reader.annotation
        self.problem = reader.problem
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
        self.problem = reader.problem
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
        readers = {placeholder: self._find_reader(placeholder) for placeholder in placeholders}
        self._readers = {placeholder: reader.convert for placeholder, reader in readers.items()}
        self.problem = next((each.problem for each in readers.values() if each.problem is not None), None)
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
                return self.convert(read_loosely(data))
        except SerdeError as error:
            raise SerdeError("read", type_name(self.annotation), error.reason, error.path) from error
        except (ValueError, RecursionError) as error:
            raise read_error(error, self.annotation) from error

    def convert(self, plain: Any) -> Any:
        return msgspec.convert(plain, self._rewritten, str_keys=True, dec_hook=self._ask)

    def _ask(self, cls: type, plain: Any) -> Any:
        reader = self._readers.get(cls)
        if reader is None:
            reader = self._readers[cls] = self._find_reader(cls).convert
        try:
            return reader(plain)
        except ValueError as error:
            reason, path = describe(error)
            # msgspec adds the place of this value; the place inside of it is ours to tell.
            raise ValueError(reason if path in ("", "$") else f"{reason} (at {path} in it)") from error

    def _find_reader(self, cls: type) -> Any:
        stands_for = self._placeholders.get(cls, cls)
        if is_pydantic(stands_for) or is_pydantic_union(stands_for):
            return PydanticReader(stands_for)
        return _UnionReader(stands_for) if is_union(stands_for) else reader_of(stands_for)


class _UnionReader:
    """Reads a union whose members msgspec cannot tell apart: the first one that fits.

    Args:
        union: the type.
    """

    def __init__(self, union: Any) -> None:
        self.annotation = union
        self._readers = [reader_of(member) for member in get_args(union) if member is not NoneType]
        self.problem = next((each.problem for each in self._readers if each.problem is not None), None)

    def convert(self, plain: Any) -> Any:
        reasons = []
        candidates: list[tuple[tuple[int, int], Any]] = []
        for each in self._readers:
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
        raise ValueError(f"fits no member of {type_name(self.annotation)} ({'; '.join(reasons)})")
