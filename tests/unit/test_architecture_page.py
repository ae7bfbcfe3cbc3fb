"""Everything that ARCHITECTURE.md and CONTRIBUTING.md name exists, and they name every folder of the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.test_layers import LAYERS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "python" / "awaken"
PAGES = {name: (ROOT / name).read_text() for name in ("ARCHITECTURE.md", "CONTRIBUTING.md")}
DECISIONS = ROOT / "docs" / "decisions"
#: What `make setup` and `pytest` make, and a clone does not have.
MADE = (".venv", ".tools", "dist/", "site/")
#: Names that the text explains by the folder before them.
ALONE = re.compile(r"[\w.]+\.(py|rs|md|sql)")


def named_paths(text: str) -> set[str]:
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    spans = re.findall(r"`([\w./-]+)`", prose)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", prose) if "://" not in link]
    paths = {span for span in spans if "/" in span or ALONE.fullmatch(span)} | {
        link for link in links if link
    }
    return {path for path in paths if not path.startswith(MADE)}


def exists(path: str) -> bool:
    if ALONE.fullmatch(path) and not (ROOT / path).exists():
        return any(PACKAGE.rglob(path)) or any((ROOT / "rust").rglob(path))
    return (ROOT / path).exists() or (PACKAGE / path).exists()


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_is_there(page: str) -> None:
    assert [path for path in sorted(named_paths(PAGES[page])) if not exists(path)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_target_that_a_page_names_is_in_the_makefile(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"(?:`|\$ )make ([a-z0-9-]+)", PAGES[page]))
    assert [name for name in sorted(targets) if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


def test_every_folder_of_the_package_is_named() -> None:
    folders = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_dir() and path.name != "__pycache__"
    }
    rows = set(re.findall(r"^\| `([\w/]+)` \|", PAGES["ARCHITECTURE.md"], re.MULTILINE))
    assert folders - rows == set()


def test_every_folder_of_the_protocol_core_is_named() -> None:
    source = ROOT / "rust" / "core" / "src"
    folders = {path.name for path in source.iterdir() if path.is_dir()}
    rows = set(re.findall(r"^\| `rust/core/src/(\w+)` \|", PAGES["ARCHITECTURE.md"], re.MULTILINE))
    assert rows == folders


def test_decisions_are_listed_and_name_what_is_there() -> None:
    pages = {path.name: path.read_text() for path in DECISIONS.glob("*.md")}
    listed = re.findall(r"\]\(([\w-]+\.md)\)", pages.pop("README.md"))
    assert sorted(listed) == sorted(pages)
    for name, text in pages.items():
        spans = {span for span in re.findall(r"`([\w./-]+/[\w./-]+)`", text) if not span.startswith("/")}
        assert [span for span in sorted(spans) if not exists(span)] == [], name


def test_readme_links_to_the_pages() -> None:
    readme = (ROOT / "README.md").read_text()
    for page in (*PAGES, "docs/decisions/README.md"):
        assert f"({page})" in readme


def test_the_page_shows_the_layers_that_are_enforced() -> None:
    (shown,) = re.findall(r"^```\n(_core .*?)^```", PAGES["ARCHITECTURE.md"], re.DOTALL | re.MULTILINE)
    assert [set(re.findall(r"\w+", layer)) for layer in shown.split("<")] == LAYERS
