"""Names of fields as people read them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["humanise"]

_SNAKE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_CAMEL: Final = re.compile(r"[a-z][a-z0-9]*([A-Z][a-z0-9]+)+")
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def humanise(name: str) -> str:
    """Return `Order id` for `order_id` and `orderId`; names that are not written like this stay as they are."""
    if _CAMEL.fullmatch(name):
        name = _HUMP.sub("_", name).lower()
    elif not _SNAKE.fullmatch(name):
        return name
    words = name.replace("_", " ")
    return words[0].upper() + words[1:]
