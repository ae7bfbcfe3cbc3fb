"""The outside world of handlers: lines in a file that the test names in the request."""

from __future__ import annotations

from pathlib import Path


def record(path: str, word: str, value: object = "") -> None:
    """Append the line `word value`, in one write in append mode, so that lines of concurrent handlers never mix."""
    with Path(path).open("a") as file:
        file.write(f"{word} {value}\n")


def count(path: str, word: str) -> int:
    """Count the lines that start with `word`."""
    return sum(line.partition(" ")[0] == word for line in Path(path).read_text().splitlines())
