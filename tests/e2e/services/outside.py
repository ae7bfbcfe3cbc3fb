"""The handlers' side of the outside world: lines in a file that the test named in the request."""

from __future__ import annotations

from pathlib import Path


def record(path: str, word: str, value: object = "") -> None:
    """Append the line `word value`. One write in append mode, so lines of parallel handlers never mix."""
    with Path(path).open("a") as file:
        file.write(f"{word} {value}\n")


def count(path: str, word: str) -> int:
    """Count the lines that start with `word`."""
    return sum(line.partition(" ")[0] == word for line in Path(path).read_text().splitlines())
