"""Why an attempt failed: what operators and observers read, and what decides whether it is retried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["AttemptFailure", "describe_code"]

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
    #: The delay that the handler asked for. Such a failure does not count towards the retry policy.
    delay_ms: int | None = None
    behavior: Literal["retry", "pause", "fail"] = "retry"

    def describe(self) -> str:
        """Return the text that operators read."""
        head = f"[{describe_code(self.code)}] {self.message}"
        return f"{head}\n{self.stacktrace}" if self.stacktrace else head


def describe_code(code: int) -> str:
    """Return a code with its name, if the server has a name for it."""
    name = _CODE_NAMES.get(code)
    return f"{code} {name}" if name else str(code)
