"""A Markdown page as the list of its blocks."""

from __future__ import annotations

import re
import shlex
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"

_FENCE: Final = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
_DIRECTIVE: Final = re.compile(r"^ *<!-- *(?P<name>[a-z]+)(?:: *(?P<value>.*?))? *-->$")
_DIRECTIVES: Final = ("continues", "copy", "environment", "excerpt", "module")


class PageError(Exception):
    """A page does not follow the rules; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block, without its indentation."""

    #: Of the page, relative to the repository.
    page: str
    #: Number of the first line of the text in the page, from 1.
    line: int
    language: str
    text: str
    #: The file that the block is.
    title: str | None = None
    #: The file in which the block occurs.
    excerpt: str | None = None
    #: Whether it begins a module.
    is_first: bool = False

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True)
class Copy:
    """Files of the repository that the page begins to use."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable of the environment, `NAME=value`, that readers have and the tests have not."""

    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """A page, read."""

    #: Relative to the repository.
    name: str
    #: The page that this one continues.
    continues: str | None = None
    items: list[Block | Copy | Setting] = field(default_factory=list)

    @property
    def blocks(self) -> list[Block]:
        return [item for item in self.items if isinstance(item, Block)]


def all_pages() -> list[str]:
    """Return the names of the pages that readers meet, relative to the repository."""
    return ["README.md", *sorted(str(path.relative_to(ROOT)) for path in DOCS.rglob("*.md"))]


def read_page(path: Path) -> Page:
    """Read a page.

    Raises:
        PageError: a block has no end, or a comment names no rule that exists.
    """
    path = path.resolve()
    name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name
    return _Reader(name, path.read_text().splitlines()).read(path)


class _Reader:
    def __init__(self, name: str, lines: list[str]) -> None:
        self._name = name
        self._lines = lines
        self._at = 0
        self._items: list[Block | Copy | Setting] = []
        self._continues: str | None = None
        #: What comments say about the next block.
        self._excerpt: str | None = None
        self._is_first = False

    def read(self, path: Path) -> Page:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            if fence := _FENCE.match(line):
                self._items.append(self._block(fence))
            elif directive := _DIRECTIVE.match(line):
                self._obey(directive["name"], directive["value"] or "", path)
            elif line.strip() and (self._excerpt or self._is_first):
                raise self._error("the comment above must be on the line before a block")
        return Page(self._name, self._continues, self._items)

    def _block(self, fence: re.Match[str]) -> Block:
        first = self._at
        indent, mark = len(fence["indent"]), fence["fence"]
        body: list[str] = []
        while True:
            if self._at == len(self._lines):
                self._at = first
                raise self._error("this block has no end")
            line = self._lines[self._at]
            self._at += 1
            if re.fullmatch(rf"{re.escape(mark[0])}{{{len(mark)},}} *", line.lstrip(" ")):
                break
            body.append(line[indent:] if not line[:indent].strip() else line.lstrip(" "))
        language, options = self._info(fence["info"])
        excerpt, self._excerpt = self._excerpt, None
        is_first, self._is_first = self._is_first, False
        text = "".join(f"{line}\n" for line in body)
        return Block(
            self._name, first + 1, language, textwrap.dedent(text), options.get("title"), excerpt, is_first
        )

    def _info(self, info: str) -> tuple[str, dict[str, str]]:
        try:
            language, *options = shlex.split(info) or [""]
        except ValueError as error:
            raise self._error(f"cannot read what follows the fence: {error}") from None
        return language, dict(option.split("=", 1) for option in options if "=" in option)

    def _obey(self, name: str, value: str, path: Path) -> None:
        if name not in _DIRECTIVES:
            return
        if name == "module":
            self._is_first = True
        elif not value:
            raise self._error(f"write what comes after the colon: <!-- {name}: ... -->")
        elif name == "excerpt":
            self._excerpt = value
        elif name == "continues":
            self._continues = str((path.parent / value).resolve())
        elif name == "environment":
            self._items.append(Setting(value))
        else:
            source, _, target = value.partition(" to ")
            self._items.append(Copy(source.strip(), target.strip()))

    def _error(self, text: str) -> PageError:
        return PageError(f"{self._name}:{self._at}: {text}")
