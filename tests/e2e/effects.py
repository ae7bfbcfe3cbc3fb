"""What handlers did to the outside world, as lines of a file that the test reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path


class Effects:
    """A file to which handlers append `word value` lines, with `services/outside.py`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    @property
    def path(self) -> str:
        return str(self._path)

    def add(self, word: str) -> None:
        """Append a line, as a message to a handler that watches the file."""
        with self._path.open("a") as file:
            file.write(f"{word} \n")

    def lines(self) -> list[str]:
        """Return all complete lines, in order."""
        text = self._path.read_text()
        return text[: text.rfind("\n") + 1].splitlines()

    def values(self, word: str) -> list[str]:
        """Return the values of the lines that start with `word`."""
        return [line.partition(" ")[2] for line in self.lines() if line.partition(" ")[0] == word]

    def wait_for(self, word: str, count: int = 1) -> list[str]:
        """Wait until there are `count` lines that start with `word`, and return their values."""
        return eventually(
            lambda: self.values(word),
            lambda values: len(values) >= count,
            what=f"{count} {word!r} lines in {self._path}",
        )

    def wait_for_one(self, word: str) -> str:
        """Wait for the first line that starts with `word` and return its value."""
        return self.wait_for(word)[0]
