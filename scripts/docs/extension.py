"""What the site makes of Markdown beyond the usual: an extension of Python-Markdown, named in `mkdocs.yml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

from scripts.docs.lists import mark_boxes
from scripts.docs.pictures import show_renderings
from scripts.docs.places import STAGED
from scripts.docs.tables import mark_tables

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from markdown import Markdown


class SiteExtension(Extension):
    """Changes tables, lists and pictures."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        """Add what changes the tree of a page."""
        # After code and images within lines have become elements, which has priority 20.
        md.treeprocessors.register(_Site(md), "awaken", 9)


class _Site(Treeprocessor):
    def run(self, root: Element) -> None:
        mark_tables(root)
        mark_boxes(root)
        show_renderings(root, STAGED / "pictures")


def makeExtension(**options: Any) -> SiteExtension:  # noqa: N802
    """Return the extension, for Python-Markdown."""
    return SiteExtension(**options)
