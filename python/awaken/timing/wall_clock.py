"""The time as this process's handlers have it: the machine's, or that of the test they run in."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["machine_ms", "now_ms", "now_s", "reading"]

#: Gives UTC milliseconds in this context; None where the machine's clock does.
_source: Final[ContextVar[Callable[[], int] | None]] = ContextVar("awaken_clock", default=None)


def now_ms() -> int:
    """Return UTC milliseconds."""
    source = _source.get()
    return machine_ms() if source is None else source()


def machine_ms() -> int:
    """Return the machine's UTC milliseconds, whatever clock this context reads."""
    return time.time_ns() // 1_000_000


def now_s() -> float:
    """Return UTC seconds."""
    source = _source.get()
    return time.time() if source is None else source() / 1000


@contextmanager
def reading(source: Callable[[], int]) -> Iterator[None]:
    """Have what this context does, and the tasks it starts, read another clock.

    Args:
        source: gives UTC milliseconds.
    """
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)
