"""Every subcommand and option that the command line has, read from its own help; and which of them a command uses."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.unchanged.command_line.command_line import SURROUNDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_COMMAND: Final = re.compile(r"^  ([a-z][a-z-]*)(?:  .*)?$")
_ALIASES: Final = re.compile(r"\[alias(?:es)?: ([^\]]*)\]")
#: Explanations that go on in the next line are indented further than any option.
_OPTION: Final = re.compile(
    r"^(?:  (-\w)(?:, (--[\w-]+(?:\.\d)?))?|      (--[\w-]+(?:\.\d)?))(?:\.\.\.)?(?: .*)?$"
)


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One subcommand, or the command itself.

    Args:
        children: by name and by each alias.
        options: its canonical name (the long one if there is one) by each of its names.
    """

    children: Mapping[str, Subcommand]
    options: Mapping[str, str]
    name: str

    def leaves(self) -> Iterator[Subcommand]:
        """Return the subcommands that do something, this one or those below."""
        if not self.children:
            yield self
        for child in {child.name: child for child in self.children.values()}.values():
            yield from child.leaves()


def read_surface(binary: Path) -> Subcommand:
    """Ask a binary for its help, and for that of every subcommand."""
    return _read(str(binary), (), ())


def used_by(root: Subcommand, command: str) -> tuple[str, set[str]]:
    """Return the subcommand that a command runs, and the options that it gives."""
    at, options = root, set()
    for word in shlex.split(command):
        if word in at.children:
            at = at.children[word]
        elif word in at.options:
            options.add(at.options[word])
        elif word in root.options:
            options.add(root.options[word])
    return at.name, options


def _read(binary: str, path: tuple[str, ...], common: tuple[str, ...]) -> Subcommand:
    text = subprocess.run(
        [binary, *path, "-h"], env=SURROUNDINGS, capture_output=True, text=True, timeout=20, check=True
    ).stdout
    options = {
        name: next(other for other in (match[2], match[3], match[1]) if other)
        for match in filter(None, map(_OPTION.match, text.splitlines()))
        for name in match.groups()
        if name and name not in common
    }
    children: dict[str, Subcommand] = {}
    for line in _section(text, "Commands"):
        match = _COMMAND.match(line)
        if match is None or match[1] == "help":
            continue
        child = _read(binary, (*path, match[1]), (*common, *options))
        aliases = _ALIASES.search(line)
        for name in (match[1], *(aliases[1].split(", ") if aliases else ())):
            children[name] = child
    return Subcommand(children, options, " ".join(path))


def _section(text: str, title: str) -> list[str]:
    _, _, rest = text.partition(f"{title}:\n")
    return rest.partition("\n\n")[0].splitlines()
