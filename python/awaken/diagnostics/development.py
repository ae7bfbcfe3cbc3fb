"""Development mode: what `awaken dev` and the test kit show a developer and production does not.

In development mode the process warns of code that works today and is likely a mistake, and error texts may show
payloads, which logs elsewhere never do. Outside of it, it costs one look at a flag.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["enabled", "is_enabled", "warn"]

log = logging.getLogger("awaken")

#: How many blocks of `enabled` are open.
_depth = 0
#: Places that warnings were given for.
_given: set[str] = set()

#: Called with each warning, besides the log.
_listeners: list[Callable[[str], object]] = []


@contextmanager
def enabled(listener: Callable[[str], object] | None = None) -> Iterator[None]:
    """Switch development mode on for the block. Blocks nest; the outermost one forgets which warnings were given.

    Args:
        listener: called with each warning, on the loop or thread that it comes from; must not raise.
    """
    global _depth
    _depth += 1
    if listener is not None:
        _listeners.append(listener)
    try:
        yield
    finally:
        _depth -= 1
        if listener is not None:
            _listeners.remove(listener)
        if not _depth:
            _given.clear()


def is_enabled() -> bool:
    """Return whether this process is in development mode."""
    return _depth > 0


def warn(message: str, *, place: str) -> None:
    """Log a warning in development mode, once for each place; do nothing elsewhere.

    Args:
        message: what is likely a mistake, with what to write instead.
        place: what the warning is about, such as `state "cart" of Shop/add`; later warnings for it are left out.
    """
    if not _depth or place in _given:
        return
    _given.add(place)
    log.warning("%s: %s", place, message)
    for listener in _listeners:
        listener(f"{place}: {message}")
