"""Columns of values as buffers of Apache Arrow."""

from __future__ import annotations

import array
from typing import TYPE_CHECKING, Any, Final

import nanoarrow

from awaken.runtime.query.kinds import Kind, Type
from awaken.runtime.query.rendering import list_items, renderer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["arrow_type", "build_column", "guess_type"]

_LARGEST: Final = {Kind.U32: 2**32, Kind.U64: 2**64, Kind.WIDE: 2**64}
#: Letters of the standard library's arrays.
_FORMS: Final[Mapping[Kind, str]] = {
    Kind.U32: "I",
    Kind.U64: "Q",
    Kind.WIDE: "Q",
    Kind.INTEGER: "q",
    Kind.TIME: "q",
    Kind.MOMENT: "q",
    Kind.DURATION: "q",
    Kind.FLOAT: "d",
}
_TYPES: Final[Mapping[Kind, Callable[[], Any]]] = {
    Kind.U32: nanoarrow.uint32,
    Kind.U64: nanoarrow.uint64,
    Kind.WIDE: nanoarrow.uint64,
    Kind.INTEGER: nanoarrow.int64,
    Kind.TIME: lambda: nanoarrow.timestamp("ms", "+00:00"),
    Kind.MOMENT: lambda: nanoarrow.timestamp("ns"),
    Kind.DURATION: lambda: nanoarrow.duration("ms"),
    Kind.FLOAT: nanoarrow.float64,
    Kind.BOOLEAN: nanoarrow.bool_,
    Kind.BYTES: nanoarrow.large_binary,
}


def arrow_type(of: Type) -> Any:
    """Return the type of a column. What is no number, time or bytes is text."""
    if of.kind is Kind.LIST:
        return nanoarrow.list_(arrow_type(Type(of.item or Kind.TEXT)))
    return _TYPES.get(of.kind, nanoarrow.large_string)()


def guess_type(values: Sequence[Any]) -> Type:
    """Return a type for values that are computed in a way that does not tell it; text if they differ."""
    found = {type(value) for value in values if value is not None}
    if found and found <= {int, bool}:
        return Type(Kind.INTEGER)
    if found and found <= {int, float, bool}:
        return Type(Kind.FLOAT)
    return Type(Kind.BYTES if found == {bytes} else Kind.TEXT)


def build_column(values: Sequence[Any], of: Type) -> Any:
    """Return an array. Values that are not of the type, as in damaged rows, become NULL."""
    if of.kind is Kind.LIST:
        return _build_lists(values, Type(of.item or Kind.TEXT))
    if of.kind is Kind.BOOLEAN:
        known = [value if value in (0, 1) else None for value in values]
        return _array(known, of, [_bits([bool(value) for value in known])])
    if of.kind in _FORMS:
        fit = [_fit(value, of.kind) for value in values]
        return _array(fit, of, [array.array(_FORMS[of.kind], [0 if one is None else one for one in fit])])
    return _build_texts(values, of)


def _fit(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    try:
        if kind is Kind.FLOAT:
            return float(value)
        whole = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    low, high = (0, _LARGEST[kind]) if kind in _LARGEST else (-(2**63), 2**63)
    return whole if low <= whole < high else None


def _build_texts(values: Sequence[Any], of: Type) -> Any:
    show = renderer(of)
    offsets, data = array.array("q", [0]), bytearray()
    known: list[Any] = []
    for value in values:
        if of.kind is Kind.BYTES:
            shown = value.encode() if isinstance(value, str) else value
            shown = shown if isinstance(shown, bytes) else None
        else:
            text = None if value is None else show(value)
            shown = None if text is None else str(text).encode(errors="replace")
        known.append(shown)
        data += shown or b""
        offsets.append(len(data))
    return _array(known, of, [offsets, data])


def _build_lists(values: Sequence[Any], item: Type) -> Any:
    known = [None if value is None else list_items(value) for value in values]
    offsets, items = array.array("i", [0]), []
    for one in known:
        items += one or []
        offsets.append(len(items))
    return _array(known, Type(Kind.LIST, item.kind), [offsets], [build_column(items, item)])


def _array(known: Sequence[Any], of: Type, buffers: list[Any], children: Sequence[Any] = ()) -> Any:
    missing = sum(1 for value in known if value is None)
    validity = _bits([value is not None for value in known]) if missing else None
    return nanoarrow.c_array_from_buffers(
        arrow_type(of), length=len(known), buffers=[validity, *buffers], null_count=missing, children=children
    )


def _bits(flags: Sequence[bool]) -> bytes:
    """Pack truths, the first one into the lowest bit."""
    if not flags:
        return b""
    written = "".join("1" if flag else "0" for flag in reversed(flags))
    return int(written, 2).to_bytes((len(flags) + 7) // 8, "little")
