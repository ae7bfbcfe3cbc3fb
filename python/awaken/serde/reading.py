"""Chooses the reader of an annotated type.

msgspec reads almost everything, in one pass and with the path of an error. Where it needs help, `rewriting` inserts a
placeholder, and msgspec calls back for its value.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from awaken.serde.annotations import (
    alias_value,
    allows_none,
    is_untyped,
    raw_type,
    type_name,
)
from awaken.serde.constraints import constraints_of
from awaken.serde.foreign import foreign_reader, is_foreign, read_by_pydantic
from awaken.serde.inspection import custom_types
from awaken.serde.models import is_pydantic
from awaken.serde.plain_json import read_json
from awaken.serde.readers import PlainReader, PydanticReader
from awaken.serde.rewriting import (
    is_refused_dataclass,
    refuse_init_vars,
    rewrite,
)
from awaken.serde.typed_dicts import is_typed_dict
from awaken.serde.typed_readers import DataclassReader, LaterReader, MsgspecReader, TypedDictReader
from awaken.serde.validation import read_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.serde.readers import Reader

__all__ = ["is_plain", "lenient_reader_for", "reader_for", "reader_of"]


def reader_for(annotation: Any) -> Callable[[bytes], Any]:
    """Return the function that reads a type. It is built once per type.

    Raises:
        TypeError: the type, or a type inside of it, cannot be read from JSON.
        NameError: the type refers to a name that does not exist yet.
    """
    read, problem = lenient_reader_for(annotation)
    if problem is not None:
        raise TypeError(problem)
    return read


def lenient_reader_for(annotation: Any) -> tuple[Callable[[bytes], Any], str | None]:
    """Return the function that reads a type, and the reason if parts of its values pass as plain JSON.

    Raises:
        TypeError: reading takes more than is written of the type.
        NameError: the type refers to a name that does not exist yet.
    """
    try:
        hash(annotation)
    except TypeError:
        return _build_reader(annotation)
    return _shared_reader(annotation)


def is_plain(annotation: Any) -> bool:
    """Return whether nothing can read this type, so that its values pass as plain JSON."""
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
    reader = reader_of(annotation)  # its conditions apply to the bytes
    check = reader.adapter.validate_python if isinstance(reader, PydanticReader) else reader.convert

    def read(data: bytes) -> Any:
        try:
            return check(kind(data))
        except ValueError as error:
            raise read_error(error, annotation) from error

    return read


#: Types whose readers are being built, because a type may contain itself.
_being_built: list[Any] = []


def reader_of(annotation: Any) -> Reader:
    """Return the reader of a type."""
    if is_pydantic(annotation):
        return PydanticReader(annotation)
    if any(annotation is each or annotation == each for each in _being_built):
        return LaterReader(annotation, reader_of)
    _being_built.append(annotation)
    try:
        value = alias_value(annotation)
        if value is not None:
            return reader_of(value)
        return foreign_reader(annotation, reader_of) if is_foreign(annotation) else _build_typed(annotation)
    finally:
        _being_built.pop()


def _build_typed(annotation: Any) -> Reader:
    is_loose, is_split = is_typed_dict(annotation), is_refused_dataclass(annotation)
    rewritten, placeholders = rewrite(annotation, is_loose=is_loose)
    try:
        customs = [cls for cls in custom_types(rewritten) if cls not in placeholders and is_foreign(cls)]
        reason = next(
            (f"it contains {type_name(cls)}, which cannot be read" for cls in customs if is_plain(cls)), None
        )
    except TypeError as error:
        reason = str(error)
    if reason is not None:  # msgspec does not support it, or a part of it where it does not call back
        return read_by_pydantic(annotation) or PlainReader(annotation, reason)
    reader = MsgspecReader(annotation, rewritten, placeholders, reader_of)
    if is_loose:
        return TypedDictReader(reader)
    return DataclassReader(reader) if is_split else reader
