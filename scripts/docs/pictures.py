"""Pictures that follow the switch between light and dark of the site, and not only the system's.

A picture in `docs/pictures` has the colours of both, behind a media query, which is what GitHub shows. The site gets a
picture for each as well; its pages show both, and the theme hides the one whose name has the other mark.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

_DARK: Final = re.compile(
    r"^ *@media \(prefers-color-scheme: dark\) \{\n(.*?)^    \}\n", re.MULTILINE | re.DOTALL
)
_SCHEMES: Final = ("light", "dark")


def renderings(name: str, svg: str) -> dict[str, str]:
    """Return a picture for each scheme, by its name without a folder; none if it has no colours for the dark."""
    if not _DARK.search(svg):
        return {}
    return {
        _name(name, "light"): _DARK.sub("", svg),
        _name(name, "dark"): _DARK.sub(lambda dark: dark[1], svg),
    }


def show_renderings(root: Element, folder: Path) -> None:
    """Replace each picture of a page that has renderings by both.

    Args:
        root: the page.
        folder: with the pictures of all pages.
    """
    for parent in root.iter():
        for place, image in reversed([*enumerate(parent)]):
            source = image.get("src", "")
            if image.tag == "img" and (folder / _name(source, "light")).exists():
                parent[place : place + 1] = [_rendering(image, scheme) for scheme in _SCHEMES]
                parent[place + 1].tail = image.tail


def _rendering(image: Element, scheme: str) -> Element:
    # The theme knows the mark after `#`.
    source = f"{image.get('src', '').rpartition('/')[0]}/{_name(image.get('src', ''), scheme)}#only-{scheme}"
    return image.makeelement(image.tag, {**image.attrib, "src": source})


def _name(source: str, scheme: str) -> str:
    path = PurePosixPath(source)
    return f"{path.stem}-{scheme}{path.suffix}"
