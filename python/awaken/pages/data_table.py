"""A JSON value as a table for people: names and values, lists of records with columns, long texts and lists folded.

Everything is bounded: a handler may give a thousand rows, and the page has to open on a phone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from awaken.pages.names import humanise

__all__ = ["Cell", "CellKind", "read_data"]

#: Characters of a text that are shown at once; a longer one is folded.
LONG_TEXT: Final = 240
#: Rows of a list that are shown at once; the others are folded.
ROWS_SHOWN: Final = 10
#: Columns of a table of records; records with more are shown one by one.
MOST_COLUMNS: Final = 6
#: Cells of one value. What is beyond is counted.
MOST_CELLS: Final = 20_000
#: Levels that become tables in tables; what is deeper is JSON.
_DEEPEST: Final = 3
_URL: Final = re.compile(r"https?://[^\s<>\"']{1,2000}", re.IGNORECASE)


class CellKind(StrEnum):
    """How a value is shown."""

    TEXT = "text"
    #: A text that is folded; `summary` is its beginning.
    LONG = "long"
    #: A text that is an address of the web.
    LINK = "link"
    NUMBER = "number"
    #: A value that is not there, such as null and an empty list.
    NOTHING = "nothing"
    #: JSON that is nested too deeply for tables.
    JSON = "json"
    #: `rows` of names and cells.
    OBJECT = "object"
    #: `rows` of cells, whose names are numbers.
    LIST = "list"
    #: `rows` of cells with `columns`.
    RECORDS = "records"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, and how it is shown."""

    kind: CellKind
    text: str = ""
    summary: str = ""
    rows: list[tuple[str, list[Cell]]] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    #: Rows that are there, and not in `rows`.
    hidden: int = 0

    @property
    def first_rows(self) -> list[tuple[str, list[Cell]]]:
        """The rows that are shown at once."""
        return self.rows if len(self.rows) <= ROWS_SHOWN + 2 else self.rows[:ROWS_SHOWN]

    @property
    def other_rows(self) -> list[tuple[str, list[Cell]]]:
        """The rows that are folded."""
        return self.rows[len(self.first_rows) :]


def read_data(value: Any) -> Cell:
    """Return a JSON value as a cell, usually one with rows."""
    return _Reader().read(value, 0)


class _Reader:
    """Reads one value, up to a number of cells."""

    def __init__(self) -> None:
        self._left = MOST_CELLS

    def read(self, value: Any, depth: int) -> Cell:
        self._left -= 1
        if value is None or value in ("", [], {}):
            return Cell(CellKind.NOTHING, "empty" if value == "" else "none")
        match value:
            case bool():
                return Cell(CellKind.TEXT, "yes" if value else "no")
            case int() | float():
                return Cell(CellKind.NUMBER, json.dumps(value))
            case str():
                return _text(value)
            case _ if depth >= _DEEPEST:
                return _json(value)
            case dict():
                return self._object(value, depth)
            case list():
                return self._list(value, depth)
        return _text(str(value))

    def _object(self, value: dict[str, Any], depth: int) -> Cell:
        rows = [
            (humanise(str(name)), [self.read(one, depth + 1)])
            for name, one in value.items()
            if self._left > 0
        ]
        return Cell(CellKind.OBJECT, rows=rows, hidden=len(value) - len(rows))

    def _list(self, value: list[Any], depth: int) -> Cell:
        columns = _columns_of(value)
        if columns is None:
            rows = [
                (str(number), [self.read(one, depth + 1)])
                for number, one in enumerate(value, 1)
                if self._left > 0
            ]
            return Cell(CellKind.LIST, rows=rows, hidden=len(value) - len(rows))
        rows = [
            (str(number), [self.read(one.get(name), depth + 1) for name in columns])
            for number, one in enumerate(value, 1)
            if self._left > 0
        ]
        return Cell(
            CellKind.RECORDS, rows=rows, columns=tuple(map(humanise, columns)), hidden=len(value) - len(rows)
        )


def _columns_of(value: list[Any]) -> list[str] | None:
    """Return the names that the objects of a list have; None if it is not a list of similar, flat objects."""
    names: dict[str, None] = {}
    for one in value:
        if not isinstance(one, dict) or any(
            isinstance(inner, dict | list) and inner for inner in one.values()
        ):
            return None
        names |= dict.fromkeys(islice(one, MOST_COLUMNS + 1))
        if len(names) > MOST_COLUMNS:
            return None
    return list(names) if len(value) > 1 and names else None


def _text(text: str) -> Cell:
    if _URL.fullmatch(text):
        return Cell(CellKind.LINK, text)
    if len(text) <= LONG_TEXT and text.count("\n") < 5:
        return Cell(CellKind.TEXT, text)
    first = " ".join(text[:LONG_TEXT].split())
    return Cell(CellKind.LONG, text, first[:80].rstrip())


def _json(value: Any) -> Cell:
    try:
        return Cell(CellKind.JSON, json.dumps(value, indent=1, ensure_ascii=False))
    except RecursionError:
        return Cell(CellKind.NOTHING, "nested too deeply to show")
