"""Items to check off, which GitHub shows with a box: `- [ ] ...`. The style sheet of the site draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_BOX: Final = "[ ] "


def mark_boxes(root: Element) -> None:
    """Mark the items of a page that begin with a box, and remove it from their text."""
    for item in root.iter("li"):
        # If items are apart from each other, their texts are paragraphs.
        holder = item[0] if len(item) and item[0].tag == "p" and not (item.text or "").strip() else item
        if (holder.text or "").startswith(_BOX):
            holder.text = (holder.text or "").removeprefix(_BOX)
            item.set("class", "box")
