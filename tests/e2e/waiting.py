"""Waits for conditions, with a time limit and a message that shows the last value."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

POLL_INTERVAL_S = 0.02


def eventually(
    probe: Callable[[], T],
    accept: Callable[[T], bool] = bool,
    *,
    within: float = 15,
    what: str = "the condition",
) -> T:
    """Call `probe` until `accept` returns true for its result, and return that result.

    Raises:
        TimeoutError: `within` seconds have passed; the message contains the last result.
    """
    deadline = time.monotonic() + within
    while True:
        answer = probe()
        if accept(answer):
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {within:g} s; last seen: {answer!r}")
        time.sleep(POLL_INTERVAL_S)
