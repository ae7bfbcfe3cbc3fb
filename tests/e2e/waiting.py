"""Wait for conditions, with a bound and with a message that tells what was there instead."""

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
    """Call `probe` until `accept` likes its answer, and return that answer.

    Raises:
        TimeoutError: `within` seconds were over; the text has the last answer.
    """
    deadline = time.monotonic() + within
    while True:
        answer = probe()
        if accept(answer):
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {within:g} s; last seen: {answer!r}")
        time.sleep(POLL_INTERVAL_S)
