"""Writes any supported value.

Plain values have to be written exactly as `json.dumps` writes them: a replay compares the bytes of calls and state with
those that an earlier attempt, perhaps of another SDK, has journaled. So the standard encoder does the work, and calls
`_to_plain` for objects that it does not support. Only scalars have a faster path.
"""

from __future__ import annotations

import json
import math
from collections import deque
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from awaken.errors import SerdeError
from awaken.serde.annotations import type_name
from awaken.serde.inspection import mentions_set
from awaken.serde.models import is_pydantic
from awaken.serde.secrets import WOULD_BE_STARS, has_masked, is_secret, mentions_secret

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["write_value"]

#: Modules whose types only pydantic can write and read.
_LEFT_TO_PYDANTIC = ("ipaddress", "pydantic", "pydantic_core", "re")
#: How the standard encoder sees instances of classes derived from builtins, regardless of their own `__str__`.
_PLAIN_VALUES: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    *((str, str.__str__), (int, int.__int__), (float, float.__float__), (dict, dict)),
    *((list, list), (tuple, list), (deque, list)),
)


def write_value(value: Any) -> bytes:
    """Write a value, in the way that its type determines.

    Raises:
        SerdeError: the value has no JSON form.
    """
    kind: Any = type(value)
    try:
        return _writer_for(kind)(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise _explain(value, error) from error


@lru_cache(maxsize=1024)
def _writer_for(kind: type) -> Callable[[Any], bytes]:
    writer = _SCALARS.get(kind)
    if writer is not None:
        return writer
    if is_pydantic(kind):
        return _write_model
    if issubclass(kind, msgspec.Struct):
        order: Any = "deterministic" if mentions_set(kind) else None
        return lambda value: _write_struct(value, order)
    if issubclass(kind, (bytes, bytearray, memoryview)):
        return bytes
    return _write_json


def _write_str(value: str) -> bytes:
    return encode_basestring_ascii(value).encode()


def _write_int(value: int) -> bytes:
    return repr(value).encode()


def _write_float(value: float) -> bytes:
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is not a JSON number")
    return repr(value).encode()


def _write_json(value: Any) -> bytes:
    try:
        return _encode(value).encode()
    except TypeError:
        # The encoder calls back for values, but not for keys. Here, dates and the like become text.
        return _encode(msgspec.to_builtins(value, order="deterministic", enc_hook=_model_to_plain)).encode()


def _write_struct(value: msgspec.Struct, order: Any) -> bytes:
    try:
        data = msgspec.json.encode(value, order=order, enc_hook=_model_to_plain)
    except UnicodeEncodeError:
        return _write_compact(msgspec.to_builtins(value, order=order, enc_hook=_model_to_plain))
    if b"null" in data:  # msgspec writes not-a-number as null
        _encode(msgspec.to_builtins(value, enc_hook=_model_to_plain))
    return data


def _write_compact(plain: Any) -> bytes:
    """Write text with half of a surrogate pair, which the libraries of models cannot write, and JSON can escape."""
    return json.dumps(plain, allow_nan=False, separators=(",", ":")).encode()


def _write_model(value: Any) -> bytes:
    kind: Any = type(value)
    if mentions_secret(kind):
        _model_to_plain(value)  # raises if a secret would be written as stars
    dump_json = getattr(value, "model_dump_json", None)  # the method of the model, which may override it
    try:
        data = (
            type(value).__pydantic_serializer__.to_json(value) if dump_json is None else dump_json().encode()
        )
    except ValueError:
        return _write_compact(_model_to_plain(value))
    if b"null" in data:  # so does pydantic, unless the configuration of the model says otherwise
        _encode(_model_to_plain(value))
    return bytes(data)


def _to_plain(value: Any) -> Any:
    """Convert an object that the standard encoder does not support. Its parts may still need conversion."""
    kind: Any = type(value)
    if is_pydantic(kind):
        return _model_to_plain(value)
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {name: getattr(value, name) for name in _field_names(kind)}
    if isinstance(value, (set, frozenset)):
        return _sorted(value)
    if isinstance(value, deque):
        return list(value)
    order: Any = "deterministic" if isinstance(value, msgspec.Struct) and mentions_set(kind) else None
    return msgspec.to_builtins(value, order=order, enc_hook=_model_to_plain)


@lru_cache(maxsize=1024)
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _model_to_plain(value: Any) -> Any:
    kind: Any = type(value)
    if is_pydantic(kind):
        plain = kind.__pydantic_serializer__.to_python(value, mode="json")
        if mentions_secret(kind) and has_masked(value, plain):
            raise TypeError(WOULD_BE_STARS)
        return plain
    if is_secret(kind):
        raise TypeError(WOULD_BE_STARS)
    for base, plain_value in _PLAIN_VALUES:  # instances of derived classes
        if isinstance(value, base):
            return plain_value(value)
    if isinstance(value, PurePath):
        return str(value)
    if kind.__module__.partition(".")[0] in _LEFT_TO_PYDANTIC:
        from pydantic_core import to_jsonable_python

        return to_jsonable_python(value)
    raise TypeError(f"a value of type {type_name(type(value))} has no JSON form")


def _sorted(values: set[Any] | frozenset[Any]) -> list[Any]:
    """Return the members of a set in an order that is the same in every process."""
    kinds = {type(value) for value in values}
    if kinds <= {str} or kinds <= {int, float, bool}:
        return sorted(values)
    return sorted(values, key=_encode)


def _explain(value: Any, error: Exception) -> SerdeError:
    try:
        reason, path = _find_fault(value, "$") or (str(error), "")
    except RecursionError:
        reason, path = "nested too deeply, or it contains itself", ""
    return SerdeError("write", type_name(type(value)), reason, path)


def _find_fault(value: Any, path: str) -> tuple[str, str] | None:
    """Find the first part that cannot be written. This is slow, and only used after a failure."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{float(value)!r} is not a JSON number", path
    if isinstance(value, str):
        return None
    for step, child in _children(value):
        fault = _find_fault(child, path + step)
        if fault is not None:
            return fault
    kind: Any = type(value)
    try:
        _writer_for(kind)(value)
    except (TypeError, ValueError) as error:
        return str(error), path
    return None


def _children(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f".{key}", child) for key, child in value.items()]
    if isinstance(value, (list, tuple)):
        return [(f"[{index}]", child) for index, child in enumerate(value)]
    if isinstance(value, msgspec.Struct):
        return [(f".{name}", getattr(value, name)) for name in value.__struct_fields__]
    if is_pydantic(type(value)):
        return [(f".{name}", child) for name, child in vars(value).items()]
    if is_dataclass(value) and not isinstance(value, type):
        return [(f".{field.name}", getattr(value, field.name)) for field in fields(value)]
    return []


def _make_encode() -> Callable[[Any], str]:
    """Build the encoder of `json.dumps` once. The standard library builds one for every value."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # other interpreters have only the slow encoder
        return json.JSONEncoder(allow_nan=False, default=_to_plain).encode
    # The arguments, in the order of json.JSONEncoder: no check for circular references (the recursion limit ends
    # those), no indentation, no sorting, no skipping of keys, no NaN.
    chunks = make(None, _to_plain, encode_basestring_ascii, None, ": ", ", ", False, False, False)
    return lambda value: "".join(chunks(value, 0))


_encode = _make_encode()

_SCALARS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"",
    bool: lambda value: b"true" if value else b"false",
    str: _write_str,
    int: _write_int,
    float: _write_float,
}
