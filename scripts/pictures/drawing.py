"""A drawing as SVG: boxes, arrows and text, readable in light and dark, with text as text."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LINE", "WIDTH", "Drawing"]

#: Pages show pictures at about this width, so texts keep their size.
WIDTH = 720
#: From one line of text to the next.
LINE = 19

#: The colours of GitHub's pages, which show the picture on their own background; as in `benches/pictures.py`.
STYLE = """
    text { font: 14px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600 }
    .note { fill: #59636e; font-size: 13px }
    .code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 13px }
    .box { fill: #f6f8fa; stroke: #d1d9e0 }
    .live { fill: #ddf4ff; stroke: #54aeff }
    .kept { fill: #dafbe1; stroke: #4ac26b }
    .fault { fill: #ffebe9; stroke: #ff8182 }
    .frame { fill: none; stroke: #d1d9e0; stroke-dasharray: 5 4 }
    .line { fill: none; stroke: #59636e; stroke-width: 1.5 }
    .rule { fill: none; stroke: #d1d9e0 }
    .head { fill: #59636e }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .note { fill: #9198a1 }
      .box { fill: #151b23; stroke: #3d444d }
      .live { fill: #0c2d6b; stroke: #1f6feb }
      .kept { fill: #04260f; stroke: #238636 }
      .fault { fill: #490202; stroke: #b62324 }
      .frame { stroke: #3d444d }
      .line { stroke: #9198a1 }
      .rule { stroke: #3d444d }
      .head { fill: #9198a1 }
    }
"""


class Drawing:
    """Collects shapes; later ones lie above earlier ones. All measures are pixels, from the top left.

    Args:
        about: what the picture shows, for those who do not see it.
        height: of the picture; its width is `WIDTH`.
    """

    def __init__(self, about: str, height: int) -> None:
        self._about = about
        self._height = height
        self._shapes: list[str] = []

    def box(
        self, x: float, y: float, width: float, height: float, lines: Sequence[str] = (), *, kind: str = "box"
    ) -> None:
        """Add a rectangle with lines of text in its middle; the first one is its title.

        Args:
            x: of its left edge.
            y: of its upper edge.
            width: of the rectangle.
            height: of the rectangle.
            lines: what stands in it.
            kind: `box`, `live` (a running handler), `kept` (on disk), `fault`, or `frame` (a dashed border).
        """
        self._shapes.append(
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>'
        )
        top = y + height / 2 - LINE * (len(lines) - 1) / 2 + 5
        for row, line in enumerate(lines):
            self.text(x + width / 2, top + LINE * row, line, "note" if row else "title", anchor="middle")

    def text(self, x: float, y: float, content: str, kind: str = "label", *, anchor: str = "start") -> None:
        """Add a line of text whose baseline is at `y`."""
        self._shapes.append(
            f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}" xml:space="preserve">'
            f"{escape(content)}</text>"
        )

    def arrow(self, *points: tuple[float, float], label: str = "", above: bool = True) -> None:
        """Add an arrow along the points; the label stands above or below the middle of its first part."""
        self.line(*points, kind="line", end=' marker-end="url(#head)"')
        if label:
            (x1, y1), (x2, y2) = points[:2]
            self.text((x1 + x2) / 2, (y1 + y2) / 2 + (-7 if above else 18), label, "note", anchor="middle")

    def line(self, *points: tuple[float, float], kind: str = "rule", end: str = "") -> None:
        """Add a line along the points."""
        path = " L".join(f"{x:g} {y:g}" for x, y in points)
        self._shapes.append(f'<path class="{kind}" d="M{path}"{end}/>')

    def to_svg(self) -> str:
        """Return the document."""
        return (
            "\n  ".join(
                [
                    f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self._height}" '
                    f'viewBox="-1 0 {WIDTH + 2} {self._height}" role="img" aria-label="{escape(self._about)}">',
                    f"<style>{STYLE}  </style>",
                    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
                    'orient="auto-start-reverse"><path class="head" d="M0 0 L8 4 L0 8 z"/></marker></defs>',
                    *self._shapes,
                ]
            )
            + "\n</svg>\n"
        )
