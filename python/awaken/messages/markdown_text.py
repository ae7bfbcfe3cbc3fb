"""Markdown as plain text: without its marks, and with the addresses of its links. Other texts derive from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from awaken.pages.markdown import MOST_BRACKETS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MarkdownText"]

_ADDRESS: Final = re.compile(r"(https?://|mailto:)[^\s<>|]+", re.IGNORECASE)
_RULE: Final = "———"
_parser: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


class MarkdownText:
    """Writes Markdown (CommonMark, and tables) as text. What a kind of text marks in its own way is a method."""

    bullet = "- "

    def write(self, markdown: str) -> str:
        """Return Markdown as text. One with more than `MOST_BRACKETS` opening brackets stays as it is written."""
        if markdown.count("[") > MOST_BRACKETS:
            return self.plain(markdown)
        return self._block(SyntaxTreeNode(_parser.parse(markdown)))

    def plain(self, text: str) -> str:
        """Return text that has no marks."""
        return text

    def heading(self, text: str) -> str:
        """Return a heading."""
        return text

    def strong(self, text: str) -> str:
        """Return what is stressed."""
        return text

    def emphasis(self, text: str) -> str:
        """Return what is slanted."""
        return text

    def code(self, text: str) -> str:
        """Return code within a line."""
        return text

    def code_block(self, text: str) -> str:
        """Return lines of code."""
        return "    " + text.replace("\n", "\n    ")

    def link(self, address: str, text: str) -> str:
        """Return a link to the web or to mail."""
        return text if address in (text, f"mailto:{text}") else f"{text} ({address})"

    def _block(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "root":
                return "\n\n".join(self._block(child) for child in node.children)
            case "heading":
                return self.heading(self._inside(node))
            case "bullet_list":
                return self._items(node, lambda _: self.bullet)
            case "ordered_list":
                first = int(node.attrs.get("start", 1))
                return self._items(node, lambda number: f"{first + number}. ")
            case "blockquote":
                lines = "\n".join(self._block(child) for child in node.children).split("\n")
                return "\n".join(f"> {line}" for line in lines)
            case "fence" | "code_block":
                return self.code_block(node.content.rstrip("\n"))
            case "table":
                return "\n".join(self._row(row) for part in node.children for row in part.children)
            case "hr":
                return _RULE
        return self._inside(node)

    def _items(self, node: SyntaxTreeNode, mark: Callable[[int], str]) -> str:
        return "\n".join(
            mark(number) + "\n".join(self._block(child) for child in item.children).replace("\n", "\n    ")
            for number, item in enumerate(node.children)
        )

    def _row(self, row: SyntaxTreeNode) -> str:
        return " | ".join(self._inside(cell) for cell in row.children)

    def _inside(self, node: SyntaxTreeNode) -> str:
        return "".join(self._inline(child) for child in node.children)

    def _inline(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "text":
                return self.plain(node.content)
            case "softbreak":
                return " "
            case "hardbreak":
                return "\n"
            case "strong":
                return self.strong(self._inside(node))
            case "em":
                return self.emphasis(self._inside(node))
            case "code_inline":
                return self.code(node.content)
            case "link":
                address, text = str(node.attrs.get("href", "")), self._inside(node)
                return self.link(address, text) if _ADDRESS.fullmatch(address) else text
        return self._inside(node)
