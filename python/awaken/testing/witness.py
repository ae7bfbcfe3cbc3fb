"""Watches what the handlers of one environment do, within this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awaken.context.probe import AttemptFailed, AwakeableCreated, LostWork
    from awaken.testing.awakeables import Awakeables
    from awaken.testing.failures import Failures

__all__ = ["Witness"]


class Witness:
    """An `awaken.context.probe.Watcher` that passes on what handlers do.

    Args:
        awakeables: of the environment.
        failures: of the environment.
    """

    def __init__(self, awakeables: Awakeables, failures: Failures) -> None:
        #: Names of the runs that are executing.
        self.runs: list[str] = []
        self._awakeables = awakeables
        self._failures = failures

    def note_awakeable(self, created: AwakeableCreated) -> None:
        """Pass an awakeable to those of the environment."""
        self._awakeables.note_awakeable(created)

    def note_run(self, name: str, change: int) -> None:
        """Note that a run starts or stops executing."""
        if change > 0:
            self.runs.append(name)
        else:
            self.runs.remove(name)

    def note_failure(self, failed: AttemptFailed) -> None:
        """Pass an exception to the failures of the environment."""
        self._failures.note_failure(failed)

    def note_lost(self, lost: LostWork) -> None:
        """Pass what was never awaited to the failures of the environment."""
        self._failures.note_lost(lost)
