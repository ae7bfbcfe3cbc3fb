"""Whoever follows the tutorial to its end has the application in `examples/orders`."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHAPTERS = sorted((ROOT / "docs" / "tutorial").glob("[0-9]*.md"))
FILE = re.compile(
    r'^```\w+ title="(?P<title>[^"]+)"(?: hl_lines="(?P<marked>[^"]+)")?\n(?P<text>.*?)^```',
    re.DOTALL | re.MULTILINE,
)


def new_lines(before: str, after: str) -> str:
    """Return which lines are new, as a page marks them: numbers from 1, and ranges of them."""
    old, new = before.splitlines(), after.splitlines()
    found = [
        number
        for tag, _, _, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        for number in range(start, end)
        if tag != "equal" and new[number].strip()
    ]
    runs = [[number for _, number in run] for _, run in groupby(enumerate(found), lambda at: at[1] - at[0])]
    return " ".join(f"{run[0] + 1}-{run[-1] + 1}" if len(run) > 1 else f"{run[0] + 1}" for run in runs)


def test_last_chapter_leaves_the_example() -> None:
    left = {file["title"]: file["text"] for page in CHAPTERS for file in FILE.finditer(page.read_text())}

    example = {
        path.name: path.read_text() for path in (ROOT / "examples" / "orders").iterdir() if path.is_file()
    }

    assert len(left) > 5
    assert left == example


def test_changed_files_have_their_new_lines_marked() -> None:
    seen: dict[str, str] = {}
    for page in CHAPTERS:
        for file in FILE.finditer(page.read_text()):
            title, text = file["title"], file["text"]
            if title in seen:
                assert (page.name, file["marked"]) == (page.name, new_lines(seen[title], text))
            seen[title] = text


def test_chapters_continue_each_other() -> None:
    for before, chapter in pairwise(CHAPTERS):
        assert f"<!-- continues: {before.name} -->" in chapter.read_text()
        assert f"]({chapter.name})" in before.read_text()
    assert len(CHAPTERS) == 9
