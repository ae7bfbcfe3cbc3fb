"""How often the runtime tries an invocation again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["InvocationRetryPolicy"]


@dataclass
class InvocationRetryPolicy:
    """When and how often the runtime retries a failing invocation. None leaves it to the runtime.

    Delays may be given in seconds.

    Args:
        initial_interval: delay before the second attempt.
        exponentiation_factor: what each delay is multiplied by to get the next one.
        max_interval: upper bound of the delay.
        max_attempts: attempts in all, the first included.
        on_max_attempts: `pause` keeps the invocation for an operator to resume, `kill` fails it.
    """

    initial_interval: timedelta | float | None = None
    exponentiation_factor: float | None = None
    max_interval: timedelta | float | None = None
    max_attempts: int | None = None
    on_max_attempts: Literal["pause", "kill"] | None = None
