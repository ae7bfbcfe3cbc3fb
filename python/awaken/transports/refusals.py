"""Log lines about peers that break their protocol.

They are bounded: whoever reaches a port can cause as many as they like.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from awaken.transports import limits
from awaken.transports.guard import logger

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RefusalLog", "refusals"]


class RefusalLog:
    """Logs refusals as long as they are few, and counts the others.

    Args:
        now_s: returns the time of a monotonic clock in seconds.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._limit = limits.RateLimit(limits.REFUSAL_BURST, limits.REFUSAL_RATE)
        self._left_out = 0

    def note(self, text: str, *values: object) -> None:
        """Log a line; it says how many were left out before it."""
        now = self._now_s()
        if not self._limit.take(1, now):
            self._limit.take(-1, now)  # what is not logged does not count against what follows
            self._left_out += 1
            return
        left_out, self._left_out = self._left_out, 0
        if left_out:
            logger.info(f"{text} (%d more were refused since the last line)", *values, left_out)
        else:
            logger.info(text, *values)


#: That of this process.
refusals: Final = RefusalLog()
