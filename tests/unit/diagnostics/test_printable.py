"""Text from outside, as it is printed."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest
from awaken.diagnostics.printable import escape_json, escape_line, escape_page_text, escape_text

EVERYTHING = "".join(map(chr, range(sys.maxunicode + 1)))
#: Kinds of characters that act on a terminal or cannot be seen, apart from joiners, which text needs.
KINDS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
JOINERS = "\u200c\u200d"


def acting(text: str) -> set[str]:
    return {character for character in text if unicodedata.category(character) in KINDS} - set(JOINERS)


def test_nothing_that_acts_on_a_terminal_is_left() -> None:
    assert acting(escape_line(EVERYTHING)) <= set()
    assert acting(escape_text(EVERYTHING)) == {"\n", "\t"}


def test_everything_else_is_left_alone() -> None:
    harmless = "".join(
        character
        for character in EVERYTHING
        if unicodedata.category(character) not in {*KINDS, "Cn"} or character in JOINERS
    )

    assert escape_line(harmless) == escape_text(harmless) == escape_json(harmless) == harmless


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\u202egnp.exe\U000e0041\ud800", r"\u202egnp.exe\U000e0041\ud800"),
        ("größe 👩‍🚀", "größe 👩‍🚀"),
    ],
)
def test_a_line_stays_a_line(text: str, shown: str) -> None:
    assert escape_line(text) == shown


def test_no_line_of_a_text_looks_like_one_of_its_own() -> None:
    assert escape_text("first\r\nsecond\n\nthird\r", indent="  ") == "first\n  second\n  \n  third\\r"


def test_json_keeps_its_values() -> None:
    document = {EVERYTHING: [EVERYTHING]}

    escaped = escape_json(json.dumps(document, indent=2, ensure_ascii=False))

    assert acting(escaped) == {"\n"}
    assert json.loads(escaped.encode()) == json.loads(json.dumps(document))


def test_pages_show_text_in_the_order_it_was_written_in() -> None:
    assert escape_page_text("a</h1>\u202eRUE 3") == r"a</h1>\u202eRUE 3"
    assert escape_page_text("\u2068שלום\u2069 \u200f👩\u200d👧") == "\u2068שלום\u2069 \u200f👩\u200d👧"
