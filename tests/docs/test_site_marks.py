"""What the site makes of tables and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from scripts.docs.lists import mark_boxes
from scripts.docs.pictures import renderings, show_renderings
from scripts.docs.places import DOCS
from scripts.docs.tables import mark_tables

if TYPE_CHECKING:
    from pathlib import Path

SENTENCE = "word " * 10
SVG = """\
<svg><style>
    text { fill: black }
    @media (prefers-color-scheme: dark) {
      text { fill: white }
    }
</style></svg>
"""


def test_a_picture_has_a_rendering_for_each_scheme() -> None:
    made = renderings("pictures/a.svg", SVG)

    assert list(made) == ["a-light.svg", "a-dark.svg"]
    assert "white" not in made["a-light.svg"]
    assert "@media" not in made["a-dark.svg"]
    assert made["a-dark.svg"].index("black") < made["a-dark.svg"].index("white")
    assert renderings("pictures/a.svg", "<svg/>") == {}


@pytest.mark.parametrize("path", sorted((DOCS / "pictures").glob("*.svg")), ids=lambda path: str(path.stem))
def test_every_picture_has_renderings(path: Path) -> None:
    light, dark = renderings(path.name, path.read_text()).values()

    assert "prefers-color-scheme" not in light + dark
    assert light.count("{") == light.count("}")
    assert dark.count("{") == dark.count("}")
    assert light != dark


def test_pages_show_both_renderings(tmp_path: Path) -> None:
    (tmp_path / "a-light.svg").touch()
    page = ElementTree.fromstring(
        '<p><img alt="A b" src="../pictures/a.svg"/> and <img src="../pictures/c.svg"/></p>'
    )

    show_renderings(page, tmp_path)

    assert ElementTree.tostring(page, "unicode") == (
        '<p><img alt="A b" src="../pictures/a-light.svg#only-light" />'
        '<img alt="A b" src="../pictures/a-dark.svg#only-dark" /> and <img src="../pictures/c.svg" /></p>'
    )


@pytest.mark.parametrize(
    ("code", "mark"),
    [
        ("--allow-host NAME", "name"),
        ("AWAKEN_JOURNAL_VALUE_CODEC", "name"),
        ("GET /restate/awakeables/ID", None),
        (SENTENCE, None),
    ],
)
def test_short_code_in_tables_is_a_name(code: str, mark: str | None) -> None:
    page = _page(["a", "b"], ["x", f"<code>{code}</code>"])

    mark_tables(page)

    assert [found.get("class") for found in page.iter("code")] == [None, mark]


def test_long_paths_in_tables_break_at_slashes() -> None:
    page = _page(["a"], ["<code>GET /restate/awakeables/ID/resolve</code>"])

    mark_tables(page)

    code = [*page.iter("code")][1]
    assert ElementTree.tostring(code, "unicode") == (
        "<code>GET /<wbr />restate/<wbr />awakeables/<wbr />ID/<wbr />resolve</code>"
    )


def test_bars_in_code_of_tables_have_no_backslash() -> None:
    page = _page(["a"], [r"<code>a\|b</code>"])

    mark_tables(page)

    assert [code.text for code in page.iter("code")] == ["out", "a|b"]


def test_items_to_check_off_have_a_mark_instead_of_brackets() -> None:
    items = "<li>[ ] a <b>b</b></li><li><p>[ ] c</p></li><li>[d] e</li><li><b>[ ] f</b></li>"
    page = ElementTree.fromstring(f"<ul>{items}</ul>")

    mark_boxes(page)

    assert ElementTree.tostring(page, "unicode") == (
        '<ul><li class="box">a <b>b</b></li><li class="box"><p>c</p></li><li>[d] e</li><li><b>[ ] f</b></li></ul>'
    )


def test_cells_of_tables_with_sentences_say_their_column() -> None:
    page = _page(["a", "b", ""], ["x", "<b>y</b>", SENTENCE])

    mark_tables(page)

    assert [table.get("data-sentences") for table in page.iter("table")] == [""]
    assert [cell.get("data-title") for cell in page.iter("td")] == [None, "b", None]


@pytest.mark.parametrize("cells", [["x", "y", "z"], ["x", SENTENCE]])
def test_other_tables_stay_as_they_are(cells: list[str]) -> None:
    page = _page(cells, cells)
    before = ElementTree.tostring(page)

    mark_tables(page)

    assert ElementTree.tostring(page) == before


def _page(titles: list[str], cells: list[str]) -> ElementTree.Element:
    head, row = (
        "".join(f"<{tag}>{text}</{tag}>" for text in texts) for tag, texts in (("th", titles), ("td", cells))
    )
    return ElementTree.fromstring(
        f"<div><code>out</code><table><thead><tr>{head}</tr></thead><tbody><tr>{row}</tr></tbody></table></div>"
    )
