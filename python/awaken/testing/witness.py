"""What handlers of one environment do, as they tell in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from awaken.context.probe import AttemptFailed, AwakeableCreated, LostRun
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
        #: Names of the runs whose actions execute now.
        self.runs: list[str] = []
        self._awakeables = awakeables
        self._failures = failures

    def note_awakeable(self, created: AwakeableCreated) -> None:
        """Remember it for the test."""
        self._awakeables.note_awakeable(created)

    def note_run(self, name: str, change: int) -> None:
        """Count it."""
        if change > 0:
            self.runs.append(name)
        else:
            self.runs.remove(name)

    def note_failure(self, failed: AttemptFailed) -> None:
        """Remember what was raised."""
        self._failures.note_failure(failed)

    def note_lost_run(self, lost: LostRun) -> None:
        """Have the test get it."""
        self._failures.note_lost_run(lost)
