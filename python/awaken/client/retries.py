"""When a request is sent again: after connection errors only, and only where that is safe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from awaken.handler import arguments
from awaken.timing import time_limits

if TYPE_CHECKING:
    import httpx

    from awaken.client.operation import Request

__all__ = ["ConnectionRetries"]


@dataclass(frozen=True, slots=True)
class ConnectionRetries:
    """How often a request is sent again when its connection fails, and after which pause.

    A connection that was never made is tried again for every request: nobody received anything. A connection that
    broke later is tried again only when receiving the request twice is the same as receiving it once: with an
    idempotency key, for reads, for the start of a workflow, for the outcome of an awakeable. Everything else may
    have started an invocation already, and the error goes to the caller. Answers of the server are never retried.

    Args:
        attempts: how often a request is sent at most; 1 switches retries off.
        first_delay: the pause before the second attempt, as a duration or in seconds; it doubles each time.
        max_delay: the longest pause, likewise.
    """

    attempts: int = 5
    first_delay: timedelta | float = timedelta(milliseconds=100)
    max_delay: timedelta | float = timedelta(seconds=2)

    def __post_init__(self) -> None:
        """Refuse what could only fail when a connection has failed."""
        arguments.expect_count(self.attempts, "attempts of ConnectionRetries")
        time_limits.within_time(self.first_delay, "first_delay of ConnectionRetries")
        time_limits.within_time(self.max_delay, "max_delay of ConnectionRetries")

    def delay_after(self, attempt: int, request: Request, error: httpx.TransportError) -> float | None:
        """Return the seconds to wait after the failed attempt (from 1), or None when the error stands."""
        if attempt >= self.attempts or not _may_repeat(request, error):
            return None
        # The exponent is bounded, because a float is not: an operator may ask for many attempts.
        delay = time_limits.exact(self.first_delay).total_seconds() * 2.0 ** min(attempt - 1, 30)
        return min(delay, time_limits.exact(self.max_delay).total_seconds())


def _may_repeat(request: Request, error: httpx.TransportError) -> bool:
    import httpx

    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return True
    # A timeout is the caller's own limit, and a protocol error of ours would only repeat itself.
    return request.is_repeatable and isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError))
