"""What the runtime measures while it works; without a reader, it does nothing of this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from awaken.runtime.events import EventKind

__all__ = ["Measures"]


class Measures(Protocol):
    """Receives numbers on the runtime's event loop, some of them in a transaction. Must not raise, and be quick.

    Durations are seconds, sizes bytes.
    """

    def note_accepted(self, service: str, handler: str) -> None:
        """Note a new invocation."""
        ...

    def note_ended(self, service: str, handler: str, outcome: str, seconds: float) -> None:
        """Note the end of an invocation: `succeeded`, `failed`, `cancelled` or `killed`, and how long it took."""
        ...

    def note_attempt(
        self,
        service: str,
        handler: str,
        deployment: str,
        outcome: EventKind,
        seconds: float,
        reason: str = "",
    ) -> None:
        """Note how an attempt ended: SUCCEEDED, FAILED, SUSPENDED, PAUSED, or BACKING_OFF before a retry.

        Args:
            service: of the invocation.
            handler: of the invocation.
            deployment: id of the deployment it ran on; empty if there was none.
            outcome: what followed.
            seconds: since it was opened; 0 if it could not be.
            reason: the documented code of its failure, for example RT0007; empty if it did not fail.
        """
        ...

    def note_replay(self, entries: int) -> None:
        """Note how long the journal is that an attempt begins with."""
        ...

    def note_timer(self, kind: str, late_seconds: float) -> None:
        """Note that a timer was handled: a `start`, `sleep` or `retry`, and how late."""
        ...

    def note_commit(self, seconds: float, statements: int, size: int) -> None:
        """Note a commit to the write-ahead log: how many statements wrote, and how much the log has grown."""
        ...

    def note_sync(self, seconds: float) -> None:
        """Note that the log was brought to the disk."""
        ...

    def note_checkpoint(self, seconds: float) -> None:
        """Note that the log was copied into the database."""
        ...

    def note_lost(self) -> None:
        """Note that the disk refused a transaction, so that the runtime continues from its file."""
        ...

    def note_completion(self, door: str, outcome: str) -> None:
        """Note that somebody gave, or tried to give, an awakeable its result.

        Args:
            door: `ingress`, `link`, `inbox`, `slack`, `grpc`, `handler`, or `expiry` if nobody did.
            outcome: `resolved`, `rejected`, `expired`, or why it did not count.
        """
        ...
