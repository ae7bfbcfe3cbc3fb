"""Where the tables go."""

from __future__ import annotations

import sys

from rich.console import Console

__all__ = ["open_console", "show_failure"]

#: Of files and pipes, whose width nothing tells: wide enough for each table.
WIDTH = 150


def open_console() -> Console:
    """Return the console on standard output."""
    return Console(width=None if sys.stdout.isatty() else WIDTH)


def show_failure(error: Exception, console: Console) -> None:
    """Print what ended a run. Its text may have anything in it."""
    console.print(f"[red]{type(error).__name__}[/red]: ", end="")
    console.print(str(error), markup=False, highlight=False, soft_wrap=True)
