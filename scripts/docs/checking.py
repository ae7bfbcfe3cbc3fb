"""Dead links of the built site: every path, and every part of a page, that a page refers to is there."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

#: Where the site seems to be while its links are resolved.
_BASE = "http://site.invalid/"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value is not None:
                self.links.append(value)
            elif name == "id" or (name == "name" and tag == "a"):
                self.ids.add(value or "")


def dead_links(site: Path) -> list[str]:
    """Return the links of a built site that lead nowhere, with the pages that have them."""
    pages = {path: _read(path) for path in sorted(site.rglob("*.html"))}
    dead = []
    for path, page in pages.items():
        here = urljoin(_BASE, _address(path.relative_to(site)))
        for link in dict.fromkeys(page.links):
            there = urlsplit(urljoin(here, link))
            if f"{there.scheme}://{there.netloc}/" != _BASE:
                continue
            found = _file(site, unquote(there.path))
            if found is None:
                dead.append(f"{path.relative_to(site)}: {link} is not in the site")
            elif there.fragment and found in pages and unquote(there.fragment) not in pages[found].ids:
                dead.append(f"{path.relative_to(site)}: {link} names a part that the page does not have")
    return dead


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text())
    return page


def _address(path: Path) -> str:
    return "" if path.name == "404.html" else path.as_posix().removesuffix("index.html")


def _file(site: Path, path: str) -> Path | None:
    found = site / path.lstrip("/")
    if found.is_dir():
        found /= "index.html"
    return found if found.is_file() else None
