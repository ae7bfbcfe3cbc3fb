"""The retry policy of invocations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["InvocationRetryPolicy"]


@dataclass
class InvocationRetryPolicy:
    """When and how often the runtime retries a failing invocation. For None, the runtime decides.

    Delays are a `timedelta` or seconds.

    Args:
        initial_interval: delay before the second attempt.
        exponentiation_factor: factor from each delay to the next.
        max_interval: upper limit of the delay.
        max_attempts: maximum number of attempts, including the first.
        on_max_attempts: what happens then. `pause` keeps the invocation until an operator resumes it, `kill` fails it.
    """

    initial_interval: timedelta | float | None = None
    exponentiation_factor: float | None = None
    max_interval: timedelta | float | None = None
    max_attempts: int | None = None
    on_max_attempts: Literal["pause", "kill"] | None = None
