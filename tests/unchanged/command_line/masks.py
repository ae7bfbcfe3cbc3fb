"""Takes out of a command's output what is new on every run: ids, addresses, times, and how wide they make a table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unchanged.command_line.command_line import Outcome

_DAY: Final = r"\d{4}-\d\d-\d\d"
_CLOCK: Final = r"\d\d:\d\d:\d\d(?:\.\d+)?"
_ZONE: Final = r" ?(?:Z|[+-]\d\d:?\d\d)"
_UNIT: Final = r"(?:[mµn]s|second|minute|hour|day|week|month|year)s?"
#: In this order: what an earlier one leaves is seen by the later ones.
_MASKS: Final = [
    (re.compile(pattern), name)
    for pattern, name in (
        (r"\binv_1[0-9A-Za-z]{33}\b", "<invocation>"),
        (r"\bdp_1[0-9A-Za-z]{22}\b", "<deployment>"),
        # The server makes up a key, a ULID, for a request without one.
        (r"(?m)^ *Idempotency key: +01[0-9A-HJKMNP-TV-Z]{24} *\n", ""),
        (rf"{_DAY}[T ]{_CLOCK}{_ZONE}", "<time>"),
        (rf"\w{{3}},? \d{{1,2}} \w{{3}} \d{{4}} {_CLOCK}{_ZONE}", "<time>"),
        (r"(?<=\"partition_key\":)[0-9]+", "<partition key>"),
        (r"\bPT[0-9.]+S\b", "<duration>"),
        (rf"(?:\b(?:an?|\d+) {_UNIT}\b(?:,? and |, )?)+|\bnow(?= ago)", "<duration>"),
        # How long something is suspended, and after five seconds also that this holds a key.
        (r"\(<duration>(?: ago)?(?:\. The key will not be released [^)]*)?\)", "(<duration>)"),
        (r"(?<=Query took )[0-9.]+[mµn]?s", "<duration>"),
        (r"[─―━╌═-]{2,}", "--"),
        (r"(?m) {2,}", "  "),
        (r"(?m) +$", ""),
    )
]


def masked(text: str, names: Mapping[str, str]) -> str:
    """Replace what `names` knows by its name, and ids, times and widths by placeholders."""
    # Long ones first: the address of one thing may be the beginning of another's.
    for name, value in sorted(names.items(), key=lambda item: -len(item[1])):
        text = text.replace(value, f"<{name}>")
    for pattern, placeholder in _MASKS:
        text = pattern.sub(placeholder, text)
    return text


def described(outcome: Outcome, names: Mapping[str, str]) -> list[str]:
    """Describe what a command did, one line each: for a comparison that can show where it differs."""
    return [
        f"exit code {outcome.exit_code}",
        *(f"out: {line}" for line in masked(outcome.output, names).splitlines()),
        *(f"err: {line}" for line in masked(outcome.errors, names).splitlines()),
    ]


def cells(lines: list[str]) -> list[str]:
    """Break lines where a table has columns, and sort: for tables whose rows and cells the server shuffles."""
    return sorted(cell for line in lines for cell in re.split(r" {2,}|(?<=^out:) |(?<=^err:) ", line) if cell)
