"""From the server's dialect, which is PostgreSQL's, to SQLite's: the differences that questions meet in practice."""

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
_SHOW_TABLES: Final = ["show", "tables"]
_NULL_TESTS: Final = (["is", "null"], ["is", "not", "null"])


@dataclass(frozen=True, slots=True)
class Question:
    """A statement as SQLite reads it."""

    #: Empty when there is nothing in it but comments.
    statement: str
    #: Whether it looks as if it only asked. A word that begins nothing is left to SQLite to refuse.
    is_asking: bool
    #: Names of results that are true or false, for which SQLite says 1 or 0.
    booleans: frozenset[str]


def translate(text: str) -> Question:
    """Read a statement of the server's dialect."""
    tokens = list(_TOKEN.finditer(text))
    told = [token.group().lower() for token in tokens if token.lastgroup != "space"]
    if told and told[-1] == ";":
        del told[-1]
    if not told:
        return Question("", is_asking=True, booleans=frozenset())
    if told == _SHOW_TABLES:
        return Question("SELECT * FROM information_schema.tables", is_asking=True, booleans=frozenset())
    return Question(
        "".join(map(_translate, tokens)),
        is_asking=told[0] not in _CHANGES,
        booleans=frozenset(_null_tests(told)),
    )


def _translate(token: re.Match[str]) -> str:
    text = token.group()
    match token.lastgroup:
        case "cast":
            return ""  # values are shown as they are anyway
        case "ordered":
            # SQLite orders what it aggregates only in its newest versions; these aggregates are ours.
            is_lowest = (token["end"].lower() == "first") == ((token["way"] or "asc").lower() == "asc")
            return (
                f"{'value_at_lowest' if is_lowest else 'value_at_highest'}({token['value']}, {token['by']})"
            )
        case "word":
            lower = text.lower()
            return f'"{lower}"' if lower in _NAMES else _WORDS.get(lower, text)
    return text


def _null_tests(told: list[str]) -> Iterator[str]:
    """Find `... IS [NOT] NULL AS name`, the only truths that questions of clients compute."""
    for at, word in enumerate(told[:-1]):
        if word == "as" and any(told[max(0, at - len(test)) : at] == test for test in _NULL_TESTS):
            yield told[at + 1].strip('"')
