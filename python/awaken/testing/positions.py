"""Crash positions: before and after each commit of the runtime, described by what the commit holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from awaken.runtime.tables.payloads import PAYLOAD
from awaken.testing.overview import describe_journal

if TYPE_CHECKING:
    from awaken.testing.environment import Environment

__all__ = ["CrashProbe", "Position"]

#: At most this many parts of a commit are listed.
_MOST: Final = 3
_JOURNAL: Final = f"SELECT code, {PAYLOAD} FROM journal WHERE invocation = ? ORDER BY idx"  # noqa: S608 - of this package


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a crash happens."""

    #: 1-based number of the commit.
    commit: int
    #: Whether the crash comes after the commit, which is then on disk.
    is_stored: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the output of `str`.

        Raises:
            ValueError: the text is not a position.
        """
        match text.split():
            case [("before" | "after") as side, number] if number.isdecimal() and int(number):
                return cls(int(number), side == "after")
        raise ValueError(f'{text!r} is not a position; give one such as "before 3" or "after 3"')

    def __str__(self) -> str:
        return f"{'after' if self.is_stored else 'before'} {self.commit}"


class CrashProbe:
    """Crashes the runtime at one commit. An `awaken.runtime.store.commit_probe.CommitProbe`.

    Args:
        position: where to crash; None only counts commits.
    """

    def __init__(self, position: Position | None) -> None:
        self.commits = 0
        #: What the commit at the position holds, once it was reached.
        self.content = ""
        self._environment: Environment | None = None
        self._position = position
        self._has_crashed = False
        self._journals: dict[int, int] = {}
        self._statuses: dict[int, str] = {}

    def watch(self, environment: Environment) -> None:
        """Begin to count the commits of an environment."""
        self._environment = environment
        self._remember(environment)

    def stop(self) -> None:
        """Stop counting and crashing."""
        self._environment = None

    def before_commit(self) -> None:
        """Count the commit, and crash instead of it if this is the position."""
        if self._environment is not None and not self._has_crashed:
            self.commits += 1
            self._crash_at(self._environment, Position(self.commits, is_stored=False))

    def after_commit(self) -> None:
        """Crash before the commit is announced if this is the position."""
        if self._environment is not None and not self._has_crashed:
            self._crash_at(self._environment, Position(self.commits, is_stored=True))

    def _crash_at(self, environment: Environment, position: Position) -> None:
        if self._position is None:
            return
        if position == self._position:
            self._has_crashed = True
            self.content = self._describe(environment)
            environment.crash_soon()
        elif position == Position(self._position.commit - 1, is_stored=True):
            self._remember(environment)

    def _remember(self, environment: Environment) -> None:
        self._journals = dict(
            environment.fetch("SELECT invocation, max(idx) FROM journal GROUP BY invocation")
        )
        self._statuses = dict(environment.fetch("SELECT seq, status FROM invocation"))

    def _describe(self, environment: Environment) -> str:
        """Describe what the commit adds: entries of journals, or else new statuses of invocations."""
        targets, parts = {}, []
        for seq, status, *names in environment.fetch(
            "SELECT seq, status, service, key, handler FROM invocation"
        ):
            targets[seq] = "/".join(name for name in names if name is not None)
            if self._statuses.get(seq, status) != status:
                parts.append(f"{targets[seq]} became {status}")
        entries = [
            f"entry {index}, {text}, of {target}"
            for seq, target in targets.items()
            for index, text in enumerate(describe_journal(environment.fetch(_JOURNAL, (seq,))))
            if index > self._journals.get(seq, -1)
        ]
        changes = entries or parts
        rest = f" and {len(changes) - _MOST} more" if len(changes) > _MOST else ""
        return "; ".join(changes[:_MOST]) + rest
