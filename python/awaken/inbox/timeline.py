"""The journal of an invocation as a picture: entries against time, waits as bars, attempts as bands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from awaken.diagnostics.printable import escape_html
from awaken.links.description import read_description

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Row", "draw", "rows_of", "seconds_of"]

_ROW: Final = 26
_LABELS: Final = 290
_WIDTH: Final = 1000
_TOP: Final = 24


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the picture. Times are seconds since the epoch."""

    index: int
    label: str
    start: float
    #: None while it waits; equal to `start` for entries that take no time.
    end: float | None
    kind: str


def rows_of(journal: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Join commands and the notifications that complete them.

    Args:
        journal: rows of `sys_journal` with `index`, `entry_type`, `name`, `appended_at` and `entry_lite_json`, in
            order. The first ones may be missing.
    """
    completed: dict[int, float] = {}
    for entry in journal:
        if entry["entry_type"].startswith("Notification"):
            completed |= dict.fromkeys(_completion_ids(_content(entry)), seconds_of(entry["appended_at"]))
    rows = []
    for entry in journal:
        side, _, kind = entry["entry_type"].partition(": ")
        start = seconds_of(entry["appended_at"])
        label = _label(kind, entry.get("name") or "")
        if side == "Command":
            ids = list(_completion_ids(_content(entry)))
            ends = [completed.get(one) for one in ids]
            known = [end for end in ends if end is not None]
            end = start if not ids else (max(known) if len(known) == len(ids) else None)
            rows.append(Row(entry["index"], label, start, end, "command"))
        elif kind == "Signal":
            rows.append(Row(entry["index"], label, start, start, "signal"))
        elif side != "Notification":
            rows.append(Row(entry["index"], side.lower(), start, start, "signal"))
    return rows


def draw(rows: Sequence[Row], failures: Sequence[float], now: float) -> str:
    """Return the picture as SVG.

    Args:
        rows: from `rows_of`.
        failures: when attempts failed, which is where bands end.
        now: where open waits end in the picture, in seconds since the epoch.
    """
    if not rows:
        return "<p>The journal is empty.</p>"
    hidden = rows[0].index
    before = f"<p>{hidden} entries before these are not shown.</p>" if hidden else ""
    first = min(row.start for row in rows)
    last = max([*(row.end if row.end is not None else now for row in rows), *failures, first + 0.001])
    height = _TOP + _ROW * len(rows) + 8

    def x(seconds: float) -> float:
        return round(_LABELS + (seconds - first) / (last - first) * (_WIDTH - _LABELS - 10), 1)

    parts = [_bands(first, last, failures, height, x), _axis(first, last, x)]
    for number, row in enumerate(rows):
        y = _TOP + number * _ROW
        end = now if row.end is None else row.end
        width = max(4.0, round(x(end) - x(row.start), 1))
        state = " waiting" if row.end is None else ""
        took = "waits" if row.end is None else f"{end - row.start:.3f} s"
        parts.append(
            f'<g class="{row.kind}{state}"><title>{escape_html(row.label)}: {took}</title>'
            f'<text x="4" y="{y + 17}">{row.index} {escape_html(_shorten(row.label))}</text>'
            f'<rect x="{x(row.start)}" y="{y + 5}" width="{width}" height="{_ROW - 10}" rx="3"/></g>'
        )
    return (
        f'{before}<svg class="timeline" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="Timeline of the journal">{"".join(parts)}</svg>'
    )


def _bands(first: float, last: float, failures: Sequence[float], height: int, x: Any) -> str:
    edges = [first, *sorted(failure for failure in failures if first <= failure <= last), last]
    return "".join(
        f'<rect class="attempt{number % 2}" x="{x(start)}" y="0" height="{height}" '
        f'width="{round(x(end) - x(start), 1)}">'
        f"<title>attempt {number + 1}</title></rect>"
        for number, (start, end) in enumerate(pairwise(edges))
    )


def _axis(first: float, last: float, x: Any) -> str:
    return "".join(
        f'<text class="axis" x="{x(first + (last - first) * part)}" y="14" text-anchor="{anchor}">'
        f"{_duration((last - first) * part)}</text>"
        for part, anchor in ((0, "start"), (0.5, "middle"), (1, "end"))
    )


def _duration(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.2f} s" if seconds else "0"


def _label(kind: str, name: str) -> str:
    callback = read_description(name) if kind == "Sleep" else None
    return f"Callback {callback.name}" if callback else f"{kind} {name}".strip()


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _content(entry: Mapping[str, Any]) -> Any:
    return json.loads(entry.get("entry_lite_json") or "null")


def _completion_ids(content: Any) -> Iterator[int]:
    """Find the completion ids in an entry without its payloads."""
    if isinstance(content, dict):
        for name, value in content.items():
            if name.endswith(("completion_id", "CompletionId")) and isinstance(value, int):
                yield value
            else:
                yield from _completion_ids(value)


def seconds_of(timestamp: str) -> float:
    """Return a timestamp of the admin API in seconds since the epoch."""
    return datetime.fromisoformat(timestamp).timestamp()
