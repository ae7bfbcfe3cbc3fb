"""Translating the server's SQL dialect, which is PostgreSQL's, to SQLite's: the differences that matter in practice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Question", "translate"]

_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<cast>::\s*[A-Za-z_]\w*(?:\s*\(\s*\d+\s*\))?)
    |(?P<ordered>\b(?P<end>first|last)_value\s*\(\s*(?P<value>[\w.]+)\s+order\s+by\s+(?P<by>[\w.]+)
        (?:\s+(?P<way>asc|desc))?\s*\))
    |(?P<word>[A-Za-z_]\w*)
    |(?P<other>.)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
#: Keywords of SQLite that are names of columns here.
_NAMES: Final = frozenset(("index",))
_WORDS: Final = {"ilike": "LIKE"}
#: First words of the statements of SQLite that do more than read.
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
_SHOW_TABLES: Final = ["show", "tables"]
_NULL_TESTS: Final = (["is", "null"], ["is", "not", "null"])


@dataclass(frozen=True, slots=True)
class Question:
    """A statement as SQLite reads it."""

    #: Empty if the text contains only comments.
    statement: str
    #: Whether it seems to only read. SQLite refuses a first word that it does not know.
    is_asking: bool
    #: Names of boolean results, for which SQLite returns 1 or 0.
    booleans: frozenset[str]


def translate(text: str) -> Question:
    """Translate a statement of the server's dialect."""
    tokens = list(_TOKEN.finditer(text))
    lowered = [token.group().lower() for token in tokens if token.lastgroup != "space"]
    if lowered and lowered[-1] == ";":
        del lowered[-1]
    if not lowered:
        return Question("", is_asking=True, booleans=frozenset())
    if lowered == _SHOW_TABLES:
        return Question("SELECT * FROM information_schema.tables", is_asking=True, booleans=frozenset())
    return Question(
        "".join(map(_translate, tokens)),
        is_asking=lowered[0] not in _CHANGES,
        booleans=frozenset(_null_tests(lowered)),
    )


def _translate(token: re.Match[str]) -> str:
    text = token.group()
    match token.lastgroup:
        case "cast":
            return ""  # values are shown as they are stored
        case "ordered":
            # Only the newest versions of SQLite order what they aggregate; these aggregates are ours.
            is_lowest = (token["end"].lower() == "first") == ((token["way"] or "asc").lower() == "asc")
            return (
                f"{'value_at_lowest' if is_lowest else 'value_at_highest'}({token['value']}, {token['by']})"
            )
        case "word":
            lower = text.lower()
            return f'"{lower}"' if lower in _NAMES else _WORDS.get(lower, text)
    return text


def _null_tests(lowered: list[str]) -> Iterator[str]:
    """Find `... IS [NOT] NULL AS name`, the only booleans that clients' queries compute."""
    for at, word in enumerate(lowered[:-1]):
        if word == "as" and any(lowered[max(0, at - len(test)) : at] == test for test in _NULL_TESTS):
            yield lowered[at + 1].strip('"')
