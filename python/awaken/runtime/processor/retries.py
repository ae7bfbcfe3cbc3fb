"""What follows a failed attempt: another one after a while, a pause, or the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from awaken.runtime.schema import RetryPolicy

__all__ = ["delay_before_retry_ms"]

#: Spreads retries of invocations that failed together; the server adds as much.
_JITTER: Final = 0.3


def delay_before_retry_ms(policy: RetryPolicy, failures: int, chance: float) -> int:
    """Return how long to wait after the `failures`-th failed attempt that counts.

    Args:
        policy: how it grows.
        failures: 1 after the first.
        chance: from 0 to 1, for the jitter.
    """
    try:
        delay = policy.initial_interval_ms * policy.exponentiation_factor ** (failures - 1)
    except OverflowError:
        delay = float("inf")
    longest = policy.max_interval_ms if policy.max_interval_ms is not None else 86_400_000 * 365
    return round(min(delay, longest) * (1 + _JITTER * chance))
