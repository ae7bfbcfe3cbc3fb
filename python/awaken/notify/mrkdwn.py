"""Markdown as Slack writes it: `*bold*`, `_italic_`, `<url|text>`. What would name people or channels is plain text."""

from __future__ import annotations

from typing import Final

from awaken.diagnostics.printable import escape_text
from awaken.messages.markdown_text import MarkdownText

__all__ = ["escape_mrkdwn", "write_mrkdwn"]


def escape_mrkdwn(text: str) -> str:
    """Return text that Slack shows as it is, but for its marks of bold and the like."""
    # Links, people, channels and `@channel` are all written in angle brackets.
    return escape_text(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def write_mrkdwn(markdown: str) -> str:
    """Return Markdown (CommonMark, and tables) for a section of a message."""
    return _writer.write(markdown)


class _Mrkdwn(MarkdownText):
    bullet = "• "

    def plain(self, text: str) -> str:
        return escape_mrkdwn(text)

    def heading(self, text: str) -> str:
        return f"*{text.replace('*', '')}*"

    def strong(self, text: str) -> str:
        return f"*{text}*"

    def emphasis(self, text: str) -> str:
        return f"_{text}_"

    def code(self, text: str) -> str:
        return f"`{escape_mrkdwn(text)}`"

    def code_block(self, text: str) -> str:
        content = escape_mrkdwn(text).replace("```", "'''")
        return f"```\n{content}\n```"

    def link(self, address: str, text: str) -> str:
        return f"<{address.replace('&', '&amp;')}|{text.replace('|', '¦')}>"


_writer: Final = _Mrkdwn()
