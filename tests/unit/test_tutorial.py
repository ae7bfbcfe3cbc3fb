"""Whoever follows the tutorial to its end has the application in `examples/orders`."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "docs" / "tutorial").glob("[0-9]*.md"))


def test_last_chapter_leaves_the_example() -> None:
    left: dict[str, str] = {}
    for chapter in CHAPTERS:
        left |= re.findall(
            r'^```\w+ title="([^"]+)"\n(.*?)^```', chapter.read_text(), re.DOTALL | re.MULTILINE
        )

    example = {
        path.name: path.read_text() for path in (ROOT / "examples" / "orders").iterdir() if path.is_file()
    }

    assert len(left) > 5
    assert left == example


def test_chapters_continue_each_other() -> None:
    for before, chapter in pairwise(CHAPTERS):
        assert f"<!-- continues: {before.name} -->" in chapter.read_text()
        assert f"]({chapter.name})" in before.read_text()
    assert len(CHAPTERS) == 9
