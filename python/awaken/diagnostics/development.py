"""Development mode, which `awaken dev` and the test kit enable.

In development mode, the process warns about code that works but is probably a mistake. Error texts may show payloads,
which they never do otherwise. When it is disabled, it costs one look at a flag.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["enabled", "is_enabled", "warn"]

log = logging.getLogger("awaken")

#: Number of open blocks of `enabled`.
_depth = 0
#: Places that were warned about.
_given: set[str] = set()

#: Called with each warning, in addition to the log.
_listeners: list[Callable[[str], object]] = []


@contextmanager
def enabled(listener: Callable[[str], object] | None = None) -> Iterator[None]:
    """Enable development mode in the block. Blocks nest. At the end of the outermost one, warnings may be repeated.

    Args:
        listener: called with each warning, on the loop or thread that causes it. It must not raise.
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
    """Return whether development mode is enabled."""
    return _depth > 0


def warn(message: str, *, place: str) -> None:
    """Log a warning, once per place. Do nothing unless development mode is enabled.

    Args:
        message: the probable mistake, and what to write instead.
        place: what the warning is about, such as `state "cart" of Shop/add`.
    """
    if not _depth or place in _given:
        return
    _given.add(place)
    log.warning("%s: %s", place, message)
    for listener in _listeners:
        listener(f"{place}: {message}")
