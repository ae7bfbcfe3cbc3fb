"""Every page about a task has one shape, and the index of them knows it."""

from __future__ import annotations

import re

import pytest

from tests.docs.page import DOCS

FOLDER = DOCS / "how-to"
PAGES = sorted(path.name for path in FOLDER.glob("*.md") if path.name != "index.md")

#: The introduction of a page, in lines. What runs comes after it at the latest.
LONGEST_INTRODUCTION = 20


def test_index_leads_to_every_page() -> None:
    linked = set(re.findall(r"\]\(([\w-]+\.md)", (FOLDER / "index.md").read_text()))

    assert linked == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_page_begins_with_code_and_ends_with_what_to_read_next(name: str) -> None:
    lines = (FOLDER / name).read_text().splitlines()

    begins = next(number for number, line in enumerate(lines) if line.startswith("```"))
    headings = [line for line in lines if line.startswith("## ")]

    assert begins <= LONGEST_INTRODUCTION
    assert headings[-1] == "## Next"
    assert any(line.startswith("- [") for line in lines[lines.index("## Next") :])
