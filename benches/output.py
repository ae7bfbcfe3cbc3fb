"""Where the tables go."""

from __future__ import annotations

import sys

from rich.console import Console

__all__ = ["open_console"]

#: Of files and pipes, whose width nothing tells: wide enough for each table.
WIDTH = 150


def open_console() -> Console:
    """Return the console on standard output."""
    return Console(width=None if sys.stdout.isatty() else WIDTH)
