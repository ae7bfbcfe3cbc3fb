"""The options of runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from awaken._core import RetryPolicy
from awaken.handler import arguments, values
from awaken.serde import BytesSerde, DefaultSerde, Serde
from awaken.timing import time_limits

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["AS_BYTES", "NO_OPTIONS", "RunOptions"]

T = TypeVar("T")


@dataclass
class RunOptions(Generic[T]):
    """How the result of a run is serialized, and how often a failing action is retried.

    Without any retry option, the retry policy of the runtime applies. With one, the endpoint counts the failed
    executions itself. The other options then have these defaults: 50 ms before the first retry, factor 2, at most 10 s
    between retries, no limit on attempts. When the policy gives up, the run fails with a terminal error.
    """

    serde: Serde[T] = field(default_factory=lambda: DefaultSerde[Any]())
    type_hint: type[T] | None = None
    #: Maximum number of executions, including the first.
    max_attempts: int | None = None
    #: Durations, as a `timedelta` or in seconds.
    max_duration: timedelta | float | None = None
    initial_retry_interval: timedelta | float | None = None
    max_retry_interval: timedelta | float | None = None
    retry_interval_factor: float | None = None
    #: Deprecated name of max_duration.
    max_retry_duration: timedelta | float | None = None

    def __post_init__(self) -> None:
        """Reject invalid values now. Otherwise they would surface only after the action has failed."""
        values.serde_for(self.serde, self.type_hint, "RunOptions")
        self.retry_policy()

    def retry_policy(self) -> RetryPolicy | None:
        """Return the retry policy of these options, or None to use that of the runtime."""
        max_duration = self.max_duration if self.max_duration is not None else self.max_retry_duration
        bounds = (
            self.max_attempts,
            max_duration,
            self.initial_retry_interval,
            self.max_retry_interval,
            self.retry_interval_factor,
        )
        if all(bound is None for bound in bounds):
            return None
        arguments.expect_count(self.max_attempts, "max_attempts of RunOptions")
        arguments.expect_factor(self.retry_interval_factor, "retry_interval_factor of RunOptions")
        return RetryPolicy(
            initial_interval_ms=_retry_delay(self.initial_retry_interval, "initial_retry_interval"),
            factor=self.retry_interval_factor,
            max_interval_ms=_retry_delay(self.max_retry_interval, "max_retry_interval"),
            max_attempts=self.max_attempts,
            max_duration_ms=_milliseconds(max_duration),
        )


def _milliseconds(duration: timedelta | float | None) -> int | None:
    return (
        None if duration is None else max(0, time_limits.milliseconds(duration, "max_duration of RunOptions"))
    )


def _retry_delay(duration: timedelta | float | None, name: str) -> int | None:
    return None if duration is None else time_limits.retry_delay(duration, f"{name} of RunOptions")


#: The options of a run without any. Never modified.
NO_OPTIONS: Final[RunOptions[Any]] = RunOptions()
#: Those of a run whose result is written and read as it is. Never modified.
AS_BYTES: Final[RunOptions[bytes]] = RunOptions(serde=BytesSerde())
