"""Markdown as Slack writes it: `*bold*`, `_italic_`, `<url|text>`. What would name people or channels is plain text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from awaken.diagnostics.printable import escape_text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["escape_mrkdwn", "write_mrkdwn"]

_ADDRESS: Final = re.compile(r"(https?://|mailto:)[^\s<>|]+", re.IGNORECASE)
_RULE: Final = "———"
_parser: Final = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def escape_mrkdwn(text: str) -> str:
    """Return text that Slack shows as it is, but for its marks of bold and the like."""
    # Links, people, channels and `@channel` are all written in angle brackets.
    return escape_text(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@lru_cache(maxsize=8)  # each person gets the same
def write_mrkdwn(markdown: str) -> str:
    """Return Markdown (CommonMark, and tables) for a section of a message."""
    return _block(SyntaxTreeNode(_parser.parse(markdown)))


def _block(node: SyntaxTreeNode) -> str:
    match node.type:
        case "root":
            return "\n\n".join(_block(child) for child in node.children)
        case "heading":
            return f"*{_inside(node).replace('*', '')}*"
        case "bullet_list":
            return _items(node, lambda _: "• ")
        case "ordered_list":
            first = int(node.attrs.get("start", 1))
            return _items(node, lambda number: f"{first + number}. ")
        case "blockquote":
            lines = "\n".join(_block(child) for child in node.children).split("\n")
            return "\n".join(f"> {line}" for line in lines)
        case "fence" | "code_block":
            content = escape_mrkdwn(node.content).rstrip("\n").replace("```", "'''")
            return f"```\n{content}\n```"
        case "table":
            return "\n".join(_row(row) for part in node.children for row in part.children)
        case "hr":
            return _RULE
    return _inside(node)


def _items(node: SyntaxTreeNode, mark: Callable[[int], str]) -> str:
    return "\n".join(
        mark(number) + "\n".join(_block(child) for child in item.children).replace("\n", "\n    ")
        for number, item in enumerate(node.children)
    )


def _row(row: SyntaxTreeNode) -> str:
    return " | ".join(_inside(cell) for cell in row.children)


def _inside(node: SyntaxTreeNode) -> str:
    return "".join(_inline(child) for child in node.children)


def _inline(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text":
            return escape_mrkdwn(node.content)
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "strong":
            return f"*{_inside(node)}*"
        case "em":
            return f"_{_inside(node)}_"
        case "code_inline":
            return f"`{escape_mrkdwn(node.content)}`"
        case "link":
            return _link(str(node.attrs.get("href", "")), _inside(node))
    return _inside(node)


def _link(address: str, text: str) -> str:
    if not _ADDRESS.fullmatch(address):
        return text
    return f"<{address.replace('&', '&amp;')}|{text.replace('|', '¦')}>"
