"""Prints tables: as wide as the terminal at most, or with everything in them if stdout is not a terminal."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken.cli.output import write_out
from awaken.diagnostics.printable import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Column", "print_table"]

#: Wide enough for every line that is not meant for a terminal.
_UNLIMITED: Final = 1_000_000
#: Characters between two columns.
_BETWEEN: Final = 3
#: Columns that are cut keep at least this many characters.
_LEAST: Final = 8
_ELLIPSIS: Final = "…"
#: Characters of a cut text that are looked at, for each one of its column: emoji are made of up to ten.
_CHARACTERS_PER_CELL: Final = 10
#: Characters of an id beyond those that tell it from the others in the table: new ones come.
_SPARE: Final = 2
#: An id is never shorter: `inv_1` and a few.
_SHORTEST_ID: Final = 12


@dataclass(frozen=True, slots=True)
class Column:
    """A column, and what may happen to it when the table is wider than the terminal."""

    name: str
    #: Its texts are copied by people: they are printed whole, or not in a table.
    is_whole: bool = False
    #: Its texts are ids of which commands take the beginning.
    is_id: bool = False
    #: Its texts, which are long, are printed below the table.
    is_below: bool = False
    #: The column is left out when it is empty, and, from the right, when there is no room for it.
    is_optional: bool = False
    #: Characters of a text that are printed, also where a line may have any length; None is all of them.
    limit: int | None = None


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print a table.

    Args:
        columns: the columns. The first one says what a row is about.
        rows: one text per column.
    """
    from rich.console import Console

    cells = [[_shown(column, cell) for column, cell in zip(columns, row, strict=True)] for row in rows]
    columns, cells = _without_empty(columns, cells)
    console = Console(file=sys.stdout, highlight=False, markup=False)
    limit = console.width if sys.stdout.isatty() else _UNLIMITED
    text = _draw(columns, cells, limit)
    write_out(text if text is not None else _draw_narrow(columns, cells, limit))


def _shown(column: Column, text: str) -> str:
    if column.limit is not None and len(text) > column.limit:
        text = text[: column.limit - 1].rstrip() + _ELLIPSIS
    return escape_line(text)


def _without_empty(columns: Sequence[Column], rows: list[list[str]]) -> tuple[list[Column], list[list[str]]]:
    """Return columns and rows without the optional columns in which no row has a text."""
    kept = [
        index
        for index, column in enumerate(columns)
        if not column.is_optional or any(row[index] for row in rows)
    ]
    return [columns[index] for index in kept], [[row[index] for index in kept] for row in rows]


def _draw(columns: Sequence[Column], rows: list[list[str]], limit: int) -> str | None:
    """Return a table, with what is too long cut, left out or below it; None if it cannot fit."""
    whole = _widths(columns, rows)
    if sum(whole) + _BETWEEN * (len(columns) - 1) <= limit:
        return _render(columns, rows, whole)
    shortened = _shorten_ids(columns, rows)
    kept = [index for index, column in enumerate(columns) if not column.is_below]
    while True:
        head, body = [columns[index] for index in kept], [[row[index] for index in kept] for row in shortened]
        widths = _cut(head, _widths(head, body), limit - _BETWEEN * (len(kept) - 1))
        if widths is not None:
            return _render(head, body, widths) + _below(columns, shortened, limit)
        optional = [index for index in kept if columns[index].is_optional]
        if not optional:
            return None
        kept.remove(optional[-1])


def _draw_narrow(columns: Sequence[Column], rows: list[list[str]], limit: int) -> str:
    """Return each row as a few lines, for a terminal that is narrower than any table."""
    lines = []
    for row in _shorten_ids(columns, rows):
        pairs = list(zip(columns[1:], row[1:], strict=True))
        short = "  ".join(text for column, text in pairs if text and not column.is_below)
        long = [text for column, text in pairs if text and column.is_below]
        lines += [row[0], *(_fit(f"  {text}", limit) for text in (short, *long))]
    return "".join(f"{line}\n" for line in lines)


def _widths(columns: Sequence[Column], rows: list[list[str]]) -> list[int]:
    from rich.cells import cell_len

    return [
        max(cell_len(text) for text in (column.name, *(row[index] for row in rows)))
        for index, column in enumerate(columns)
    ]


def _cut(columns: Sequence[Column], widths: list[int], limit: int) -> list[int] | None:
    """Take from the widest columns until the sum of widths is within the limit; None if that is impossible."""
    # No cell of a table is wider than the table; keys may have millions of characters.
    widths = [
        width if column.is_whole or column.is_id else min(width, max(limit, _LEAST, len(column.name)))
        for column, width in zip(columns, widths, strict=True)
    ]
    while sum(widths) > limit:
        able = [
            index
            for index, column in enumerate(columns)
            if not (column.is_whole or column.is_id) and widths[index] > max(_LEAST, len(column.name))
        ]
        if not able:
            return None
        widths[max(able, key=lambda index: widths[index])] -= 1
    return widths


def _shorten_ids(columns: Sequence[Column], rows: list[list[str]]) -> list[list[str]]:
    """Cut ids to what tells them apart."""
    result = [list(row) for row in rows]
    for index, column in enumerate(columns):
        if not column.is_id:
            continue
        ids = sorted({row[index] for row in rows})
        common = max((_common(*pair) for pair in itertools.pairwise(ids)), default=0)
        length = max(_SHORTEST_ID, common + 1 + _SPARE)
        for row in result:
            if len(row[index]) > length + 1:
                row[index] = row[index][:length] + _ELLIPSIS
    return result


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _render(columns: Sequence[Column], rows: list[list[str]], widths: list[int]) -> str:
    from rich import box, table
    from rich.console import Console

    head = [
        table.Column(column.name, width=width, no_wrap=True, overflow="ellipsis")
        for column, width in zip(columns, widths, strict=True)
    ]
    drawn = table.Table(*head, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for row in rows:
        drawn.add_row(*(_begin(text, width) for text, width in zip(row, widths, strict=True)))
    width = sum(widths) + _BETWEEN * (len(widths) - 1)
    console = Console(file=sys.stdout, highlight=False, markup=False, width=width)
    with console.capture() as captured:
        console.print(drawn)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _begin(text: str, width: int) -> str:
    """Return a text that fits whole, and of another one enough to fill the column: rich looks at each character."""
    from rich.cells import cell_len

    return text if cell_len(text) <= width else text[: _CHARACTERS_PER_CELL * width]


def _below(columns: Sequence[Column], rows: list[list[str]], limit: int) -> str:
    lines = [
        _fit(f"{row[0]}  {row[index]}", limit)
        for row in rows
        for index, column in enumerate(columns)
        if column.is_below and row[index]
    ]
    return "".join(f"{line}\n" for line in lines)


def _fit(text: str, limit: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= limit else set_cell_size(text, limit - 1).rstrip() + _ELLIPSIS
