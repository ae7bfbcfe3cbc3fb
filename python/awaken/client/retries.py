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

__all__ = ["ConnectionRetries", "explain"]


@dataclass(frozen=True, slots=True)
class ConnectionRetries:
    """How often a request is sent again when its connection fails, and after which pause.

    If no connection was made, any request is sent again, because no one received it. If the connection broke later,
    a request is sent again only if receiving it twice has the effect of receiving it once: with an idempotency key,
    for reads, for the start of a workflow, for the outcome of an awakeable. Any other request may have started an
    invocation already, so the error is raised. Error responses are never retried.

    Args:
        attempts: the most times that a request is sent; 1 switches retries off.
        first_delay: the pause before the second attempt, a timedelta or seconds; it doubles each time.
        max_delay: the longest pause, a timedelta or seconds.
    """

    attempts: int = 5
    first_delay: timedelta | float = timedelta(milliseconds=100)
    max_delay: timedelta | float = timedelta(seconds=2)

    def __post_init__(self) -> None:
        """Check the settings now, not when the first connection fails."""
        arguments.expect_count(self.attempts, "attempts of ConnectionRetries")
        time_limits.within_time(self.first_delay, "first_delay of ConnectionRetries")
        time_limits.within_time(self.max_delay, "max_delay of ConnectionRetries")

    def delay_after(self, attempt: int, request: Request, error: httpx.TransportError) -> float | None:
        """Return the seconds to wait after the failed attempt (from 1), or None if the error is final."""
        if attempt >= self.attempts or not _may_repeat(request, error):
            return None
        # Bounded, because a large exponent would overflow the float.
        delay = time_limits.exact(self.first_delay).total_seconds() * 2.0 ** min(attempt - 1, 30)
        return min(delay, time_limits.exact(self.max_delay).total_seconds())


def explain(error: httpx.TransportError, request: Request, attempts: int) -> None:
    """Add a note to a final error: which request it was about, and what to do. httpx says neither."""
    import httpx

    url = request.url.partition("?")[0]
    times = "once" if attempts == 1 else f"{attempts} times"
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        advice = "start the runtime, or name its address in create_client, AWAKEN_INGRESS or AWAKEN_ADMIN"
        error.add_note(f"tried {request.method} {url} {times} without a connection; {advice}")
    elif request.is_repeatable:
        error.add_note(f"tried {request.method} {url} {times}; sending it again does no harm")
    else:
        advice = "the runtime may have received it, so give calls and sends an idempotency key to have them repeated"
        error.add_note(f"tried {request.method} {url} {times}; {advice}")


def _may_repeat(request: Request, error: httpx.TransportError) -> bool:
    import httpx

    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return True
    # A timeout is the caller's own limit, and a protocol error on our side would only occur again.
    return request.is_repeatable and isinstance(error, (httpx.NetworkError, httpx.RemoteProtocolError))
