"""Where tables and results go."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["open_console", "show_failure", "write_json"]

#: Significant digits of stored numbers: more would be noise.
DIGITS = 5
#: Of files and pipes, whose width nothing tells: wide enough for each table.
WIDTH = 150


def open_console() -> Console:
    """Return the console on standard output."""
    return Console(width=None if sys.stdout.isatty() else WIDTH)


def show_failure(error: Exception, console: Console) -> None:
    """Print what ended a run. Its text may have anything in it."""
    console.print(f"[red]{type(error).__name__}[/red]: ", end="")
    console.print(str(error), markup=False, highlight=False, soft_wrap=True)


def write_json(path: Path, result: Mapping[str, Any]) -> None:
    """Write results so that people can read and compare them: a line for each number, and one for each round."""
    parts = []
    for name, value in shorten(result).items():
        if name == "rounds":
            text = "[\n" + ",\n".join(f"    {json.dumps(one)}" for one in value) + "\n  ]"
        else:
            text = json.dumps(value, indent=2).replace("\n", "\n  ")
        parts.append(f"  {json.dumps(name)}: {text}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def shorten(value: Any) -> Any:
    """Round all numbers that are not whole."""
    if isinstance(value, dict):
        return {name: shorten(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [shorten(one) for one in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
