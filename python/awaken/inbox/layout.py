"""The frame of every page, and how facts look in it. All text from outside is escaped here and in the pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from awaken.diagnostics.printable import escape_html

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.control.operations import Target

__all__ = ["handler_of", "labels", "message_page", "moment", "page", "shorten"]

#: Characters of text from outside in a line of a list.
_LONGEST_LINE: Final = 300


def page(root: str, title: str, body: str, *, is_part: bool, is_live: bool = True) -> str:
    """Return a page.

    Args:
        root: prefix of every path of the inbox.
        title: of the browser's tab.
        body: HTML.
        is_part: return the body alone.
        is_live: keep the body current while somebody looks at it.
    """
    if is_part:
        return body
    live = ' id="live"' if is_live else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape_html(title)} · awaken</title><link rel="stylesheet" href="{root}/static/inbox.css">'
        f'<script src="{root}/static/inbox.js" defer></script></head><body>'
        f'<nav><a href="{root}/">Inbox</a> <a href="{root}/invocations">Invocations</a> '
        f'<a href="{root}/invocations?status=running">running</a> '
        f'<a href="{root}/invocations?status=backing-off">backing off</a> '
        f'<a href="{root}/invocations?status=suspended">suspended</a></nav><main{live}>{body}</main></body></html>\n'
    )


def message_page(root: str, title: str, text: str) -> str:
    """Return a page with a message."""
    body = f"<h1>{escape_html(title)}</h1><p>{escape_html(text)}</p>"
    return page(root, title, body, is_part=False, is_live=False)


def handler_of(target: Target) -> str:
    """Return service and handler."""
    return f"{target.service}/{target.handler}"


def shorten(text: str) -> str:
    """Return the beginning of a text that may be long, for a line of a list."""
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"


def labels(given: Mapping[str, str]) -> str:
    """Return labels as HTML."""
    return " ".join(
        f'<span class="label">{escape_html(name)}: {escape_html(value)}</span>'
        for name, value in given.items()
    )


def moment(timestamp: str | None) -> str:
    """Return a moment as HTML; empty if it is not known.

    Args:
        timestamp: ISO 8601.
    """
    if timestamp is None:
        return ""
    parsed = datetime.fromisoformat(timestamp).astimezone(UTC)
    return f'<time datetime="{escape_html(timestamp)}">{parsed:%d %b %Y, %H:%M:%S} UTC</time>'
