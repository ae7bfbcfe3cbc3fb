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
    from awaken.runtime.store.store import CommitProbe

__all__ = ["PATIENCE", "EnvironmentOptions"]

#: How long to wait for handlers, by default: they wait for something else than the runtime then.
PATIENCE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentOptions:
    """What `open_environment` takes, apart from the application; it documents each.

    Args:
        handling: what becomes of the failures of handlers.
        always_replay: as there, like the others.
        disable_retries: a failed attempt ends the invocation.
        directory: where to keep the data.
        probe: watches commits.
        observer: told of every step of every invocation.
        patience: how long to wait for what handlers do.
    """

    handling: FailureHandling = FailureHandling.RAISE
    always_replay: bool = False
    disable_retries: bool = False
    directory: Path | None = None
    probe: CommitProbe | None = None
    observer: Observer | None = None
    patience: timedelta = PATIENCE

    def runtime_settings(self) -> RuntimeSettings:
        """Return the settings of the embedded runtime."""
        return RuntimeSettings(
            inactivity_timeout_ms=0 if self.always_replay else 60_000,
            # Environments clean as they advance. By itself the runtime would stop in every hour of a year to do so.
            cleanup_interval_ms=LAST_MS,
            retry_policy=RetryPolicy(max_attempts=1, on_max_attempts="kill")
            if self.disable_retries
            else RetryPolicy(),
        )
