"""The pictures of the concepts are what their script draws, and each is on a page."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts.pictures.concepts import PICTURES
from scripts.pictures.drawing import WIDTH

DOCS = Path(__file__).parents[2] / "docs"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_what_the_script_draws(name: str) -> None:
    assert (DOCS / "pictures" / f"{name}.svg").read_text() == PICTURES[name]().to_svg()


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_readable_in_light_and_dark(name: str) -> None:
    picture = ElementTree.fromstring(PICTURES[name]().to_svg())

    assert "prefers-color-scheme: dark" in str(picture.findtext(f"{SVG}style"))
    assert picture.get("aria-label")
    assert [text.text for text in picture.iter(f"{SVG}text")]
    assert all(
        float(box.get("x", "-1")) >= 0 and float(box.get("x", "0")) + float(box.get("width", "0")) <= WIDTH
        for box in picture.iter(f"{SVG}rect")
    )


def test_every_picture_is_on_one_page() -> None:
    shown = re.findall(
        r"\(\.\./pictures/(concept-\w+)\.svg\)",
        "".join(page.read_text() for page in sorted((DOCS / "concepts").glob("*.md"))),
    )

    assert sorted(shown) == sorted(PICTURES)
