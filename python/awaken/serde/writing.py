"""Any supported value to bytes.

Plain values have to come out exactly as `json.dumps` writes them: a replay compares the bytes of calls and
state with what an earlier attempt, perhaps of another SDK, has journaled. So the standard encoder does the
work and asks `_to_plain` about the objects it does not know, and only scalars take a shorter way.
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

#: Whose types pydantic writes, and reads; without it nothing can.
_LEFT_TO_PYDANTIC = ("ipaddress", "pydantic", "pydantic_core", "re")
#: How the standard encoder sees instances of classes derived from builtins, whatever their own `__str__` says.
_PLAIN_VALUES: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    *((str, str.__str__), (int, int.__int__), (float, float.__float__), (dict, dict)),
    *((list, list), (tuple, list), (deque, list)),
)


def write_value(value: Any) -> bytes:
    """Write a value; its type decides how.

    Raises:
        SerdeError: it has no JSON form.
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
        # The encoder asks about values but not about keys; dates and the like become text here.
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
    """Write what the library of a model cannot: text with half of a surrogate pair, which JSON has an escape for."""
    return json.dumps(plain, allow_nan=False, separators=(",", ":")).encode()


def _write_model(value: Any) -> bytes:
    kind: Any = type(value)
    if mentions_secret(kind):
        _model_to_plain(value)  # refuses what would be written as stars
    dump_json = getattr(value, "model_dump_json", None)  # its own, because models override it
    try:
        data = (
            type(value).__pydantic_serializer__.to_json(value) if dump_json is None else dump_json().encode()
        )
    except ValueError:
        return _write_compact(_model_to_plain(value))
    if b"null" in data:  # pydantic does the same, unless the model's configuration says otherwise
        _encode(_model_to_plain(value))
    return bytes(data)


def _to_plain(value: Any) -> Any:
    """Turn an object unknown to the standard encoder into one it knows; its parts may still be unknown."""
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
    for base, plain_value in _PLAIN_VALUES:  # of a class derived from one
        if isinstance(value, base):
            return plain_value(value)
    if isinstance(value, PurePath):
        return str(value)
    if kind.__module__.partition(".")[0] in _LEFT_TO_PYDANTIC:
        from pydantic_core import to_jsonable_python

        return to_jsonable_python(value)
    raise TypeError(f"a value of type {type_name(type(value))} has no JSON form")


def _sorted(values: set[Any] | frozenset[Any]) -> list[Any]:
    """Put the members of a set in an order that is the same in every process."""
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
    """Find the first thing that cannot be written. Slow, and only walked after a failure."""
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
    """Build the encoder of `json.dumps` once; the standard library builds one for every value."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # other interpreters have only the slow one
        return json.JSONEncoder(allow_nan=False, default=_to_plain).encode
    # In the order json.JSONEncoder gives them: no memory of containers (recursion ends by itself), no
    # indentation, no sorting; keys are not skipped, and NaN is not allowed.
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
