"""What happens in handlers of this process, for those who watch: the test kit, and `awaken dev`.

Nothing of this is on the wire or in a journal. Without a watcher it costs one look at an empty list.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Protocol

__all__ = ["AttemptFailed", "AwakeableCreated", "LostRun", "Watcher", "current_run", "watchers"]


@dataclass(frozen=True, slots=True)
class AwakeableCreated:
    """A handler created an awakeable, in this attempt or again in a replay."""

    awakeable_id: str
    invocation_id: str
    #: What the handler calls it.
    name: str | None
    #: What its payload has to be, as the handler declared it.
    type_hint: Any


@dataclass(frozen=True, slots=True)
class LostRun:
    """A handler returned without awaiting a run, whose action therefore never executed."""

    #: Name of the run.
    name: str
    #: Where the handler asked for it, as `file:line`.
    place: str
    #: Service and handler, as `Greeter/greet`.
    target: str
    invocation_id: str

    def __str__(self) -> str:
        return (
            f'the run "{self.name}" at {self.place} was never awaited, so its action never executed; '
            "write `await` before it"
        )


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    """A handler, or the action of one of its runs, raised something else than a `TerminalError` of its own."""

    invocation_id: str
    #: What it raised.
    error: BaseException
    #: Name of the run whose action raised it; None for the handler.
    run: str | None
    #: Whether the author asked for retries: by `RetryableError`, or by the retry options of the run.
    is_retry_asked_for: bool = False
    #: Whether it ends the run or the invocation: a `UsageError`, which every attempt would meet.
    is_final: bool = False


class Watcher(Protocol):
    """Is told what handlers do, on their event loop. Must not raise."""

    def note_awakeable(self, created: AwakeableCreated) -> None:
        """Note a new awakeable."""
        ...

    def note_run(self, name: str, change: int) -> None:
        """Note that a run's action begins (1) or ended (-1)."""
        ...

    def note_failure(self, failed: AttemptFailed) -> None:
        """Note what ends an attempt, a run or an invocation; the runtime does not know of it yet."""
        ...

    def note_lost_run(self, lost: LostRun) -> None:
        """Note that a handler returned a result and left a run behind that it never awaited."""
        ...


#: Those who watch now. Add and remove yourself.
watchers: Final[list[Watcher]] = []

#: Name of the run whose action executes here; None outside of runs.
current_run: Final[ContextVar[str | None]] = ContextVar("awaken_run", default=None)
