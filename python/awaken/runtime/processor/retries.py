"""What follows a failed attempt: another one after a while, a pause, or the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from awaken.runtime.schema import RetryPolicy

__all__ = ["AttemptFailure", "delay_before_retry_ms", "describe_code"]

#: Spreads retries of invocations that failed together; the server adds as much.
_JITTER: Final = 0.3

_CODE_NAMES: Final = {
    400: "Bad request",
    404: "Not found",
    409: "Aborted",
    410: "Gone",
    470: "Not ready",
    500: "Internal",
    570: "Journal mismatch",
    571: "Protocol violation",
    572: "Awaiting two async results",
    573: "Unsupported feature",
    598: "Closed",
    599: "Suspended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailure:
    """Why an attempt failed."""

    code: int
    message: str
    #: The documented code of the server, for example RT0007.
    reason: str
    stacktrace: str = ""
    command_index: int | None = None
    command_name: str | None = None
    command_type: str | None = None
    #: Asked for by the handler; such a failure is not counted.
    delay_ms: int | None = None
    behavior: Literal["retry", "pause", "fail"] = "retry"

    def describe(self) -> str:
        """Return what operators read."""
        head = f"[{describe_code(self.code)}] {self.message}"
        return f"{head}\n{self.stacktrace}" if self.stacktrace else head


def describe_code(code: int) -> str:
    """Return a code and its name, where the server knows one."""
    name = _CODE_NAMES.get(code)
    return f"{code} {name}" if name else str(code)


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
