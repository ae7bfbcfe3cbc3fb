"""From the server's dialect, which is PostgreSQL's, to SQLite's: the differences that questions meet in practice."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_question", "translate"]

_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<cast>::\s*[A-Za-z_]\w*(?:\s*\(\s*\d+\s*\))?)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
#: Words of SQL in SQLite that are names of columns here.
_NAMES: Final = frozenset(("index",))
_WORDS: Final = {"ilike": "LIKE"}
#: What statements of SQLite begin with that do more than ask.
_CHANGES: Final = frozenset(
    (
        *(
            "alter",
            "analyze",
            "attach",
            "begin",
            "commit",
            "create",
            "delete",
            "detach",
            "drop",
            "end",
            "insert",
        ),
        *("pragma", "reindex", "release", "replace", "rollback", "savepoint", "update", "vacuum"),
    )
)
_SHOW_TABLES: Final = ("show", "tables")


def translate(statement: str) -> str:
    """Return the statement as SQLite reads it; empty when there is nothing in it but comments."""
    tokens = [(match.lastgroup, match.group()) for match in _TOKEN.finditer(statement)]
    told = [text for kind, text in tokens if kind != "space"]
    if told and told[-1] == ";":
        told = told[:-1]
    if not told:
        return ""
    if tuple(text.lower() for text in told) == _SHOW_TABLES:
        return "SELECT * FROM information_schema.tables"
    return "".join(_translate(kind, text) for kind, text in tokens)


def is_question(statement: str) -> bool:
    """Tell whether a statement looks as if it only asked. A word that begins nothing is left to SQLite to refuse."""
    first = next((match.group() for match in _TOKEN.finditer(statement) if match.lastgroup == "word"), "")
    return first.lower() not in _CHANGES


def _translate(kind: str | None, text: str) -> str:
    if kind == "cast":
        return ""  # values are shown as they are anyway
    if kind == "word":
        lower = text.lower()
        return f'"{lower}"' if lower in _NAMES else _WORDS.get(lower, text)
    return text
