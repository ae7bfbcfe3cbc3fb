"""The first facts of a JSON value, for a line of a list: `Amount 1200.00`, `Vendor ACME`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from awaken.pages import Cell, CellKind, read_data

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["first_facts", "shown_value"]

#: Facts of one value, and characters of each.
_MOST: Final = 4
_LONGEST: Final = 80
#: Characters of a value that is not an object.
_LONGEST_VALUE: Final = 160
#: Names of facts that stay in one column of a table of records.
_SIMPLE: Final = (CellKind.TEXT, CellKind.NUMBER, CellKind.LONG, CellKind.LINK)


def first_facts(value: Any) -> list[tuple[str, str]]:
    """Return names and beginnings of the first simple facts of a value; the name is empty if it is one itself."""
    if isinstance(value, dict):
        value = dict(list(value.items())[: 4 * _MOST])  # one may have thousands
        return list(_of_object(read_data(value)))[:_MOST]
    cell = read_data(value[:_MOST] if isinstance(value, list) else value)
    if cell.kind in _SIMPLE:
        return [("", _shorten(cell.text, _LONGEST_VALUE))]
    return [("", _count(len(value), "item", "items"))] if isinstance(value, list) and value else []


def _of_object(cell: Cell) -> Iterator[tuple[str, str]]:
    for name, (inner, *_) in cell.rows:
        if inner.kind in _SIMPLE:
            yield name, _shorten(inner.text, _LONGEST)
        elif inner.rows:
            yield name, _count(len(inner.rows) + inner.hidden, "entry", "entries")


def shown_value(value: bytes) -> Any:
    """Return what bytes of a journal mean, for people: a JSON value, else a text."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        text = value.decode(errors="replace")
        return text if text.isprintable() or "\ufffd" not in text else f"{len(value)} bytes"


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _shorten(text: str, most: int) -> str:
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
