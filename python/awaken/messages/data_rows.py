"""The data of a question as rows of messages: pages have room for more (`awaken.pages.data_table`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from awaken.pages.names import humanise

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["rows_of"]

#: Rows of one question; a person reads no more.
MOST_ROWS: Final = 200
#: Between the label of an object and that of its field.
_INSIDE: Final = " › "
_NOTHING: Final = "–"


def rows_of(data: Any) -> list[tuple[str, str]]:
    """Return a JSON value as pairs of label and text, in its order.

    What is nested gets a label for each level; a flat object in a list has one row, with a line for each field. A value
    that is no object has a row without a label. Beyond `MOST_ROWS`, a last row says that there is more.
    """
    rows: list[tuple[str, str]] = []
    for row in _rows("", data):
        if len(rows) == MOST_ROWS:
            return [*rows, ("…", f"and more, of which {MOST_ROWS} are shown")]
        rows.append(row)
    return rows


def _rows(label: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _rows(_join(label, humanise(str(name))), inner)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for number, inner in enumerate(value, 1):
            name = f"{label} {number}".strip()
            if (
                isinstance(inner, dict)
                and inner
                and not any(isinstance(one, dict | list) for one in inner.values())
            ):
                yield name, "\n".join(f"{humanise(str(key))}: {_text(one)}" for key, one in inner.items())
            else:
                yield from _rows(name, inner)
    else:
        yield label, _text(value)


def _join(outer: str, inner: str) -> str:
    return f"{outer}{_INSIDE}{inner}" if outer else inner


def _text(value: Any) -> str:
    match value:
        case None:
            return _NOTHING
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_text, value)) or _NOTHING
        case dict():
            return _NOTHING
    return str(value)
