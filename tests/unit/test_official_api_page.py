"""docs/comparison/official-api.md: what runs unchanged is told by the folders of the tests that show it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "comparison" / "official-api.md").read_text()
SHOWN_BY = re.compile(r"\| `(\w+)` \|$", re.MULTILINE)


def folders(parent: Path) -> set[str]:
    return {path.name for path in parent.iterdir() if any(path.glob("**/test_*.py"))}


def test_every_folder_of_tests_has_a_row() -> None:
    section = PAGE.partition("## What runs unchanged")[2].partition("\n## ")[0]

    assert set(SHOWN_BY.findall(section)) == folders(ROOT / "tests" / "unchanged")


def test_every_agent_framework_has_a_row() -> None:
    section = PAGE.partition("## Agent frameworks")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == folders(
        ROOT / "tests/unchanged/agents"
    )
