"""Prints the output of commands: text for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Columns for a pipe or a file: wide enough that one line stays one line.
_WIDTH_WITHOUT_TERMINAL = 250

__all__ = ["print_json", "print_progress", "print_table", "print_text"]


def print_json(value: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def print_text(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")


def print_progress(text: str) -> None:
    """Print a line on stderr for people; programs that read stdout do not see it."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: Sequence[str] = ()) -> None:
    """Print a table, as wide as the terminal allows, or as wide as needed if stdout is not a terminal.

    Args:
        columns: the headings.
        rows: one text per column.
        whole: columns whose text is never broken, such as ids, which people copy.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Column, Table

    head = [Column(name, no_wrap=name in whole, overflow="fold") for name in columns]
    table = Table(*head, box=SIMPLE_HEAD)
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL
    Console(file=sys.stdout, highlight=False, markup=False, width=width).print(table)
