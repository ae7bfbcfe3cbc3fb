"""Compares what a command printed with what a page shows below it.

What differs from run to run is compared by its shape: ids, tokens, times, durations, process ids and folders. An id
that a page shows twice must be one id in both places; one that it cuts short (`inv_1…`) is any id. A line `...` stands
for any lines, `...` or `…` within a line for any text. Runs of spaces, and rules of tables, may have another length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

#: Shapes by name, in the order in which they are tried: what a page shows, and what may be printed in its place. Those
#: in `_BOUND` stand for one value each.
_SHAPES: Final = {
    "id": (r"\b(?:inv|sign|prom|sub|dp)_[\w-]*[\w](?:…|\.\.\.)?", None),
    "uuid": (r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", None),
    "token": (
        r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{20,}(?:\.[\w-]{8,})*(?:…|\.\.\.)?",
        r"[\w.~-]{16,}",
    ),
    "moment": (
        r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?",
        r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?",
    ),
    "date": (
        r"\b(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, )?\d{1,2} (?:January|February|March|April|May|June|July"
        r"|August|September|October|November|December) \d{4}\b",
        r"(?:[A-Z][a-z]+day, )?\d{1,2} [A-Z][a-z]+ \d{4}",
    ),
    "time": (r"\b\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?\b", r"\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?"),
    "duration": (
        r"\b\d+(?:\.\d+)? ?(?:ms|s|min|m|h|d|seconds?|minutes?|hours?)\b(?: \d+ ?(?:s|m|min|h)\b)?",
        r"\d+(?:\.\d+)? ?(?:ms|s|min|m|h|d|seconds?|minutes?|hours?)(?: \d+ ?(?:s|m|min|h)\b)?",
    ),
    "process": (r"(?<=\bpid )\d+|(?<=\bprocess )\d+", r"\d+"),
    "folder": (r"(?<![\w:/.~-])(?:/(?:home|tmp|Users|usr|opt|var|root|srv)|~)/[\w./@+-]+", r"[/~][\w./@+-]+"),
    "rule": (r"[─━═-]{3,}", r"[─━═-]{3,}"),
    "any": (r"…|\.\.\.", r".*?"),
    "space": (r"\s+", r"\s+"),
}
_BOUND: Final = ("id", "uuid", "token")
_PARTS: Final = re.compile("|".join(f"(?P<{name}>{shown})" for name, (shown, _) in _SHAPES.items()))


@dataclass(slots=True)
class Shapes:
    """Compares lines, and remembers for which printed ids the shown ones stand."""

    #: Shown ids, and what was printed in their place.
    ids: dict[str, str] = field(default_factory=dict)

    def replace(self, text: str) -> str:
        """Return a text of the page with the ids that were printed."""
        for shown in sorted(self.ids, key=len, reverse=True):
            text = text.replace(shown, self.ids[shown])
        return text

    def matches(self, shown: str, printed: str) -> bool:
        """Return whether all of a printed text has the shape of a shown one, and remember its ids if so."""
        return self.match(shown, printed) == len(_lines(printed))

    def match(self, shown: str, printed: str) -> int | None:
        """Return how many printed lines the shown ones match from the start on, and remember their ids.

        Returns:
            None if they do not match.
        """
        ids = dict(self.ids)
        end = _match(_lines(shown), _lines(printed), ids)
        if end is not None:
            self.ids.update(ids)
        return end


def _lines(text: str) -> list[str]:
    return text.strip("\n").rstrip().split("\n") if text.strip() else []


def _match(shown: list[str], printed: list[str], ids: dict[str, str]) -> int | None:
    """Return how many printed lines match; `ids` is complete then."""
    taken = 0
    for number, line in enumerate(shown):
        if line.strip() in ("...", "…"):
            rest = shown[number + 1 :]
            if not rest:
                return len(printed)
            for start in range(taken, len(printed) + 1):
                attempt = dict(ids)
                end = _match(rest, printed[start:], attempt)
                if end is not None and (start + end == len(printed) or rest[-1].strip() not in ("...", "…")):
                    ids.update(attempt)
                    return start + end
            return None
        if taken == len(printed) or not _match_line(line, printed[taken], ids):
            return None
        taken += 1
    return taken


def _match_line(shown: str, printed: str, ids: dict[str, str]) -> bool:
    pattern, names = _pattern(shown.strip(), ids)
    found = re.fullmatch(pattern, printed.strip())
    if found is None:
        return False
    ids.update(zip(names, found.groups(), strict=True))
    return True


def _pattern(shown: str, ids: dict[str, str]) -> tuple[str, list[str]]:
    """Return the pattern of a line, and what its groups stand for."""
    pattern, names, at = "", list[str](), 0
    for part in _PARTS.finditer(shown):
        pattern += re.escape(shown[at : part.start()])
        at = part.end()
        text, kind = part.group(), str(part.lastgroup)
        if kind not in _BOUND:
            pattern += str(_SHAPES[kind][1])
        elif text in ids and not text.endswith(("…", "...")):
            pattern += re.escape(ids[text])
        elif text in names:
            pattern += rf"\{names.index(text) + 1}"
        else:
            names.append(text)
            pattern += f"({_unbound(kind, text)})"
    return pattern + re.escape(shown[at:]), names


def _unbound(kind: str, text: str) -> str:
    if kind == "id":
        return rf"{text.partition('_')[0]}_[\w-]+(?:…|\.\.\.)?"
    return _SHAPES[kind][1] or _SHAPES[kind][0]
