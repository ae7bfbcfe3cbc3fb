"""What pages show is what happens: blocks run, commands print it, types fit, links lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.page import DOCS, ROOT, all_pages, read_page
from tests.docs.runner import run_page
from tests.docs.typed import check_types

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _pages_with_blocks() -> Iterator[object]:
    """Return the pages in which something is to be run; those with commands are slow."""
    for name in all_pages():
        blocks = read_page(ROOT / name).blocks
        if not any(block.language for block in blocks):
            continue
        is_run = any(block.language in ("console", "python", "sh") for block in blocks)
        marks = [pytest.mark.slow, pytest.mark.timeout(600)] if is_run else []
        yield pytest.param(name, marks=marks, id=name)


@pytest.mark.parametrize("name", [*_pages_with_blocks()])
def test_page_shows_what_happens(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "page"
    folder.mkdir()

    differences = run_page(read_page(ROOT / name), folder)

    assert not differences, "\n\n".join(differences)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_code_of_pages_has_the_types_it_uses(tmp_path: Path) -> None:
    pages = [read_page(ROOT / name) for name in all_pages()]

    errors = check_types(pages, tmp_path)

    assert errors == {}


@pytest.mark.parametrize("name", all_pages())
def test_headings_of_a_page_are_its_own(name: str) -> None:
    headings = re.findall(r"^#+ .*", _prose((ROOT / name).read_text()), flags=re.MULTILINE)

    assert [heading for heading in headings if heading.startswith("# ")] == headings[:1]
    assert len(headings) == len(set(headings))


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#]+)", _prose(page.read_text()))
        if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists()
    ]

    assert len(pages) > 20
    assert broken == []


def _prose(text: str) -> str:
    """Return a page without its blocks."""
    return re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
