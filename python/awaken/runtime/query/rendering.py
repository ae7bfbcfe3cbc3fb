"""Values as JSON answers show them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from awaken.runtime.durations import duration_of, format_iso_duration
from awaken.runtime.query.kinds import Kind
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from awaken.runtime.query.kinds import Type

__all__ = ["format_moment", "format_utc", "list_items", "renderer", "row_renderer"]

_NS: Final = 1_000_000_000
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def row_renderer(columns: Sequence[tuple[str, Type]]) -> Callable[[tuple[Any, ...]], dict[str, Any]]:
    """Return what makes an object of a row. Columns without a value are left out."""
    named = [(name, renderer(of)) for name, of in columns]

    def show(values: tuple[Any, ...]) -> dict[str, Any]:
        shown = {}
        for (name, render), value in zip(named, values, strict=True):
            if value is not None and (rendered := render(value)) is not None:
                shown[name] = rendered
        return shown

    return show


def renderer(of: Type) -> Callable[[Any], Any]:
    """Return what makes JSON of a stored value, which is not None.

    A value that is not what its column promises, as in a damaged row, becomes None if it has no such form.
    """
    if of.kind is Kind.LIST:
        item = renderer(of._replace(kind=of.item or Kind.NULL, item=None))
        return lambda value: _render_list(value, item)
    return _RENDERERS.get(of.kind, _plain)


def format_utc(at_ms: int) -> str:
    """Write a time with as many fractional digits as it needs, as the server does: none, or three."""
    return _format(min(max(at_ms, 0), LAST_MS) * (_NS // 1000)) + "Z"


def format_moment(at_ns: int) -> str:
    """Write a time without a zone, with as many fractional digits as it needs: none, three, six or nine."""
    return _format(at_ns)


def list_items(value: Any) -> list[Any] | None:
    """Return the items of a stored list; None if it is not one."""
    try:
        items = json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return None
    return items if isinstance(items, list) else None


def _format(at_ns: int) -> str:
    seconds, rest = divmod(at_ns, _NS)
    text = (_START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    for digits in (0, 3, 6, 9):
        if rest % 10 ** (9 - digits) == 0:
            return text if not digits else f"{text}.{rest // 10 ** (9 - digits):0{digits}d}"
    return text


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _render_list(value: Any, item: Callable[[Any], Any]) -> Any:
    items = list_items(value)
    return _plain(value) if items is None else [None if one is None else item(one) for one in items]


def _lenient(render: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:
        try:
            return render(value)
        except (TypeError, ValueError, OverflowError):
            return None

    return call


def _format_duration(value: int) -> str:
    return ("-" if value < 0 else "") + format_iso_duration(duration_of(abs(value)))


def _boolean(value: Any) -> Any:
    return bool(value) if value in (0, 1) else _plain(value)


_RENDERERS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    Kind.BOOLEAN: _boolean,
    Kind.WIDE: _lenient(int),
    Kind.TIME: _lenient(format_utc),
    Kind.MOMENT: _lenient(format_moment),
    Kind.DURATION: _lenient(_format_duration),
}
