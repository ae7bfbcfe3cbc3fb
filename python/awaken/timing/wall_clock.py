"""The clock of the handlers in this process: that of the machine, or that of the test they run in."""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["machine_ms", "now_ms", "now_s", "reading"]

#: Returns UTC milliseconds in this context; None to use the clock of the machine.
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
    """Use another clock in this context, and in the tasks that it starts.

    Args:
        source: returns UTC milliseconds.
    """
    token = _source.set(source)
    try:
        yield
    finally:
        _source.reset(token)
