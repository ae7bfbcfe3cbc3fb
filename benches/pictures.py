"""Bars as SVG: pictures of results that are readable in light and dark, without a library or a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from benches.tables import show_number

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Bar", "Group", "draw_bars"]

WIDTH = 760
LABELS = 200
#: Of the longest bar; its value stands behind it.
LONGEST = 460
ROW, HEADING, MARGIN, TITLE = 20, 34, 16, 58

#: The colours of GitHub's pages, which show the picture on their own background.
STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-size: 16px; font-weight: 600 }
    .note, .value { fill: #59636e }
    .group { font-weight: 600 }
    .ours { fill: #0969da }
    .other { fill: #afb8c1 }
    .goal { stroke: #cf222e; stroke-width: 2 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .note, .value { fill: #9198a1 }
      .ours { fill: #4493f8 }
      .other { fill: #656c76 }
      .goal { stroke: #f85149 }
    }
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One value. Bars of awaken stand out."""

    label: str
    value: float
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Bars that are compared with each other; the longest has the full length."""

    title: str
    bars: Sequence[Bar]
    #: Where to draw a line: what is aimed at, in the unit of the bars.
    goal: float | None = None


def draw_bars(title: str, note: str, groups: Sequence[Group]) -> str:
    """Return an SVG document with a group of bars below each other.

    Args:
        title: what is shown.
        note: its unit, and whether more or less is better.
        groups: those without bars are left out.
    """
    groups = [group for group in groups if group.bars]
    height = TITLE + sum(HEADING + ROW * len(group.bars) for group in groups) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">',
        f"  <style>{STYLE}  </style>",
        text(0, 20, title, "title"),
        text(0, 42, note, "note"),
    ]
    top = TITLE
    for group in groups:
        parts.append(text(0, top + HEADING - 12, group.title, "group"))
        top += HEADING
        longest = max(*(bar.value for bar in group.bars), group.goal or 0.0, 1e-12)
        for bar in group.bars:
            parts += draw_bar(bar, top, bar.value / longest * LONGEST)
            top += ROW
        if group.goal is not None:
            at = LABELS + group.goal / longest * LONGEST
            end = top - ROW * len(group.bars)
            parts.append(f'  <line class="goal" x1="{at:.1f}" x2="{at:.1f}" y1="{end}" y2="{top - 4}"/>')
    return "\n".join([*parts, "</svg>", ""])


def draw_bar(bar: Bar, top: int, length: float) -> list[str]:
    kind = "ours" if bar.is_ours else "other"
    return [
        text(LABELS - 10, top + 12, bar.label, "label", anchor="end"),
        f'  <rect class="{kind}" x="{LABELS}" y="{top}" width="{max(length, 1):.1f}" height="16" rx="2"/>',
        text(LABELS + length + 6, top + 12, show_number(bar.value), "value"),
    ]


def text(x: float, y: float, content: str, kind: str, *, anchor: str = "start") -> str:
    return f'  <text class="{kind}" x="{x:.1f}" y="{y}" text-anchor="{anchor}">{escape(content)}</text>'
