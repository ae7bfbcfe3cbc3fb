r"""Marks in tables for the style sheet of the site, and bars in their code.

Short code in a table is marked as a name, which is not broken into lines. Tables with several columns and with
sentences are marked, and their cells say in which column they are, because on phones each row becomes a block.

In a table, `\|` is a bar for GitHub, in code too. Python-Markdown leaves the backslash there; it is removed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import SubElement

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: Longer code may break: at spaces and slashes if it has some.
_LONGEST_NAME: Final = 32
_LONGEST_WITH_BREAKS: Final = 20
#: Cells with more than this many characters are sentences.
_LONGEST_PHRASE: Final = 40
_FEW_COLUMNS: Final = 2


def mark_tables(root: Element) -> None:
    """Mark the tables of a page."""
    for table in root.iter("table"):
        for code in table.iter("code"):
            code.text = (code.text or "").replace("\\|", "|")
            if _is_name(code.text):
                code.set("class", "name")
            else:
                _let_break_at_slashes(code)
        _name_columns(table)


def _is_name(code: str) -> bool:
    return len(code) <= (_LONGEST_WITH_BREAKS if " " in code or "/" in code else _LONGEST_NAME)


def _let_break_at_slashes(code: Element) -> None:
    code.text, *rest = re.split(r"(?<=/)(?=\w)", code.text or "")
    for text in rest:
        SubElement(code, "wbr").tail = text


def _name_columns(table: Element) -> None:
    titles = [_text(title) for title in table.iter("th")]
    rows = [[*row.iter("td")] for row in table.iter("tr") if row.find("td") is not None]
    longest = max((len(_text(cell)) for row in rows for cell in row), default=0)
    if len(titles) <= _FEW_COLUMNS or longest <= _LONGEST_PHRASE:
        return
    table.set("data-sentences", "")
    for row in rows:
        # The first cell is what the row is about, and needs no name.
        for title, cell in zip(titles[1:], row[1:], strict=True):
            if title:
                cell.set("data-title", title)


def _text(element: Element) -> str:
    return "".join(element.itertext()).strip()
