"""Comparing rows of two runtimes: what differs between any two runs is masked."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_IDS: Final = re.compile(r"\b(inv|dp|sign|prom)_1[0-9A-Za-z_-]{15,}")
_TIMES: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")
#: Times within JSON.
_NUMBERS: Final = re.compile(r"\b\d{10,}\b")
#: Partition keys of random ids, and times as numbers.
_LARGE: Final = 10**9


def mask(value: Any) -> Any:
    """Replace ids, times, and large numbers."""
    if isinstance(value, str):
        return _NUMBERS.sub("LARGE", _TIMES.sub("TIME", _IDS.sub(r"\1_ID", value)))
    if isinstance(value, list):
        return sorted(map(mask, value), key=str)
    if isinstance(value, dict):
        return {name: mask(item) for name, item in value.items()}
    if isinstance(value, int) and not isinstance(value, bool) and value > _LARGE:
        return "LARGE"
    return value


def comparable(rows: list[dict[str, Any]], *, is_ordered: bool) -> list[str]:
    """Return rows so that they can be compared."""
    written = [json.dumps(mask(row), sort_keys=True) for row in rows]
    return written if is_ordered else sorted(written)
