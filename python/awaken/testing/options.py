"""How an environment runs its application."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from awaken.runtime.schema import RetryPolicy
from awaken.runtime.settings import RuntimeSettings
from awaken.testing.failures import FailureHandling
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from pathlib import Path

    from awaken.runtime.events import Observer
    from awaken.runtime.store.commit_probe import CommitProbe

__all__ = ["PATIENCE", "EnvironmentOptions"]

#: How long to wait for handlers by default. One that takes longer waits for something other than the runtime.
PATIENCE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentOptions:
    """The options of `open_environment`, which documents them.

    Args:
        handling: what happens after a failed attempt.
        always_replay: every wait suspends the handler.
        disable_retries: a failed attempt ends the invocation.
        directory: where to store the data.
        probe: called before and after each commit.
        observer: receives each event of each invocation.
        patience: how long to wait for handlers, as a `timedelta` or in seconds.
    """

    handling: FailureHandling = FailureHandling.RAISE
    always_replay: bool = False
    disable_retries: bool = False
    directory: Path | None = None
    probe: CommitProbe | None = None
    observer: Observer | None = None
    patience: timedelta | float = PATIENCE

    def runtime_settings(self) -> RuntimeSettings:
        """Return the settings of the embedded runtime."""
        return RuntimeSettings(
            inactivity_timeout_ms=0 if self.always_replay else 60_000,
            # Environments clean up when they advance; otherwise, advancing by a year would stop at each of its hours.
            cleanup_interval_ms=LAST_MS,
            retry_policy=RetryPolicy(max_attempts=1, on_max_attempts="kill")
            if self.disable_retries
            else RetryPolicy(),
        )
