r"""Text from outside, made safe to print.

Keys, names, payloads and failures come from callers. Printed as they are, they could move the cursor, set the clipboard
or the title of a terminal, hide what follows, or pretend to be lines of this process. Everything that prints such text
passes it through a function of this module: what would act on a terminal appears as an escape sequence of Python,
such as `\x1b`.
"""

from __future__ import annotations

import html
import re
from typing import Final

__all__ = [
    "escape_field",
    "escape_json",
    "escape_line",
    "escape_page_text",
    "escape_text",
    "is_one_line",
    "one_line",
]

# Categories of Unicode, as ranges, because looking each character up is slow:
# control characters (Cc), apart from tab and line feed, which `escape_text` keeps;
_CONTROLS: Final = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
# line and paragraph separators (Zl, Zp), which some programs print as a new line;
_SEPARATORS: Final = r"\u2028\u2029"
# invisible characters (Cf), among them those that reverse the direction of what follows. The joiners U+200C and U+200D
# are left out: words of several scripts, and emoji, need them;
_INVISIBLE: Final = (
    r"\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0001\U000e0020-\U000e007f"
)
# surrogates (Cs), which no encoding has.
_SURROGATES: Final = r"\ud800-\udfff"

_IN_TEXT: Final = re.compile(f"[{_CONTROLS}{_SEPARATORS}{_INVISIBLE}{_SURROGATES}]")
_IN_LINE: Final = re.compile(f"[\t\n{_CONTROLS}{_SEPARATORS}{_INVISIBLE}{_SURROGATES}]")

# What makes a browser show text in another order than it was written in, up to the end of its paragraph. Isolates stay:
# translations put them around values, and they end with the value.
_REORDERING: Final = r"\u202a-\u202e"
# Control characters apart from tab, line feed and carriage return.
_NO_HTML: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_IN_PAGE: Final = re.compile(f"[{_NO_HTML}{_REORDERING}{_SURROGATES}]")
# Those that HTML can name all the same; U+0000, and those that it reads as others, are not among them.
_IN_FIELD: Final = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_JOINERS: Final = str.maketrans("", "", "\u200c\u200d")


def escape_page_text(text: str) -> str:
    """Return text for templates, which escape HTML: what reorders text, or what a page cannot contain, is escaped."""
    return text if text.isascii() and text.isprintable() else _IN_PAGE.sub(_escape, text)


def escape_field(text: str) -> str:
    """Return text for the value of a field in HTML: a form sends it back as it is, but for U+0000 and surrogates."""
    escaped = html.escape(text)
    if escaped.isascii() and escaped.isprintable():
        return escaped
    named = _IN_FIELD.sub(lambda found: f"&#{ord(found.group())};", escaped.replace("\0", "\ufffd"))
    return named.encode(errors="backslashreplace").decode()


def one_line(text: str) -> str:
    """Return text for a line that people read, such as a subject: what `escape_line` escapes becomes a space."""
    return text if text.isascii() and text.isprintable() else _IN_LINE.sub(" ", text)


def is_one_line(text: str) -> bool:
    """Return whether text can be printed within a line as it is. Joiners count as printable."""
    return text.translate(_JOINERS).isprintable()


def escape_line(text: str) -> str:
    """Return text that is printed within a line: line feeds and tabs are escaped as well."""
    return text if text.isascii() and text.isprintable() else _IN_LINE.sub(_escape, text)


def escape_text(text: str, *, indent: str = "") -> str:
    """Return text that may have several lines.

    Args:
        text: the text.
        indent: put before each line but the first, so that no line looks like one of its own.
    """
    if text.isascii() and text.isprintable():
        return text
    escaped = _IN_TEXT.sub(_escape, text.replace("\r\n", "\n"))
    return escaped.replace("\n", f"\n{indent}") if indent else escaped


def escape_json(document: str) -> str:
    """Return a JSON document whose strings have the same values: JSON itself allows most of these characters."""
    return document if document.isascii() else _IN_TEXT.sub(_escape_json, document)


def _escape(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode()


def _escape_json(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x10000:
        return found.group() if code < 0x20 else f"\\u{code:04x}"  # white space between values
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
