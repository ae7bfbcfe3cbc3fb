"""The search of the site finds what readers look for first.

The theme ranks by where the words are, in a title before a text, and pages that are alike by their order in the index.
It knows no weights of pages. So the index that Zensical wrote is arranged: each setting gets an entry whose title is
its name, methods of contexts are found by `ctx.`, sections come in the order in which they help, and pages for people
who work on awaken itself are left out.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any, Final

from scripts.docs.places import DOCS

if TYPE_CHECKING:
    from pathlib import Path

Item = dict[str, Any]

_LEFT_OUT: Final = ("project/",)
_LAST: Final = ("reference/python/agents/", "comparison/", "decisions/")
_FIRST: Final = ("how-to/", "reference/", "start/", "concepts/", "production/", "tutorial/", "cookbook/")
_ROW: Final = re.compile(r"^\| `(AWAKEN_[A-Z_]+)` \|(.*)\|$", re.MULTILINE)
_METHOD: Final = re.compile(r"\w*Context\.(\w+)")
_SETTINGS: Final = "reference/settings"


def improve_search(site: Path) -> None:
    """Arrange the index of a built site."""
    path = site / "search.json"
    index = json.loads(path.read_text())
    index["items"] = arrange([*index["items"], *settings((DOCS / f"{_SETTINGS}.md").read_text())])
    path.write_text(json.dumps(index, ensure_ascii=False))


def settings(page: str) -> list[Item]:
    """Return an entry for each variable in the page about settings."""
    items: list[Item] = []
    for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        heading = part.splitlines()[0]
        anchor = heading.lower().replace(" ", "-")
        items += [
            {
                "location": f"{_SETTINGS}/#{anchor}",
                "level": 2,
                "title": name,
                "text": " ".join(html.escape(row.replace("|", " ").replace("`", "")).split()),
                "path": ["Reference", "Settings", heading],
                "tags": [],
            }
            for name, row in _ROW.findall(part)
        ]
    return items


def arrange(items: list[Item]) -> list[Item]:
    """Return the entries that readers need, the most helpful section first."""
    kept = [item for item in items if not item["location"].startswith(_LEFT_OUT)]
    for item in kept:
        if method := _METHOD.fullmatch(item["title"]):
            item["text"] += f" ctx.{method[1]}"
    return sorted(kept, key=_rank)


def _rank(item: Item) -> int:
    location = item["location"]
    for rank, prefix in enumerate(_LAST, len(_FIRST) + 1):
        if location.startswith(prefix):
            return rank
    return next((rank for rank, prefix in enumerate(_FIRST) if location.startswith(prefix)), len(_FIRST))
