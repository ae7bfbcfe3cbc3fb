"""What can be done with an invocation, when, and what it means: each change is confirmed on a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken.control.operations import Change

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from awaken.control.operations import Operations

__all__ = ["CHANGES", "InvocationChange", "changes_for", "describe_done"]

_OPEN: Final = frozenset(("scheduled", "pending", "ready", "running", "backing-off", "suspended", "paused"))
_DONE: Final = frozenset(("completed",))


@dataclass(frozen=True, slots=True)
class InvocationChange:
    """One change."""

    #: In URLs.
    name: str
    #: On buttons.
    label: str
    icon: str
    #: What happens, for the page that asks whether it should.
    meaning: str
    #: Statuses in which it is possible.
    statuses: frozenset[str]
    is_dangerous: bool = False
    #: Whether it needs the journal.
    needs_journal: bool = False

    def is_possible(self, row: Mapping[str, Any]) -> bool:
        """Return whether it can be done to the invocation of a row of `sys_invocation`."""
        if row.get("status") not in self.statuses or (self.needs_journal and not row.get("journal_size")):
            return False
        # The run of a workflow happens once.
        return self.name != "restart" or row.get("target_service_ty") != "workflow"

    async def make(self, operations: Operations, invocation_id: str) -> tuple[str, str]:
        """Make the change.

        Returns:
            What became of it, for `describe_done`, and the id of the invocation to show then.

        Raises:
            OperationError: the runtime refuses it, or cannot do it now.
        """
        if self.name == "restart":
            return "restarted", await operations.restart_as_new(invocation_id)
        make: Callable[[str], Awaitable[Change]] = getattr(operations, self.name.replace("-", "_"))
        change = await make(invocation_id)
        return f"{self.name}{'-requested' if change is Change.REQUESTED else ''}", invocation_id


CHANGES: Final = {
    change.name: change
    for change in (
        InvocationChange(
            "resume",
            "Resume",
            "play",
            "It runs again at once, and failures are counted from one on.",
            frozenset(("paused", "suspended", "backing-off")),
        ),
        InvocationChange(
            "pause",
            "Pause",
            "pause",
            "It does not run until somebody resumes it. Other invocations of an object's key wait as long.",
            frozenset(("running", "backing-off")),
        ),
        InvocationChange(
            "restart",
            "Restart as new",
            "refresh",
            "A new invocation starts with the same input. This one stays as it is; what it did is done once more.",
            _DONE,
            needs_journal=True,
        ),
        InvocationChange(
            "cancel",
            "Cancel",
            "cross",
            "Its handler gets an error at its current or next wait, and can clean up. So do those that it called.",
            _OPEN,
            is_dangerous=True,
        ),
        InvocationChange(
            "kill",
            "Kill",
            "stop",
            "It ends at once, with all that it called, and no handler can clean up. What it did so far stays.",
            _OPEN,
            is_dangerous=True,
        ),
        InvocationChange(
            "purge-journal",
            "Delete the journal",
            "minus",
            "Its journal is deleted; the result stays. It cannot be restarted then.",
            _DONE,
            is_dangerous=True,
            needs_journal=True,
        ),
        InvocationChange(
            "purge",
            "Delete",
            "cross",
            "Its result and its journal are deleted; of a workflow also state and promises. Nobody can ask for its "
            "result any more.",
            _DONE,
            is_dangerous=True,
        ),
    )
}

#: What became of a change.
_DONE_TEXTS: Final = {
    "resume": "It was resumed.",
    "pause": "It is paused.",
    "pause-requested": "It was asked to pause, and does so at its next wait.",
    "resume-requested": "It is about to be resumed.",
    "restarted": "This is the new invocation.",
    "cancel": "It was cancelled.",
    "cancel-requested": "It was asked to end, and does so at its next wait.",
    "kill": "It was killed.",
    "kill-requested": "It is about to be killed.",
    "purge": "It was deleted.",
    "purge-journal": "Its journal was deleted.",
    "purge-journal-requested": "Its journal is about to be deleted.",
    "called": "It was called, and has no result yet.",
    "sent": "It was sent.",
    "known": "It was sent before with the same idempotency key, so nothing new was started.",
}


#: Status of an invocation in which what was asked for has happened: what that is called in `_DONE_TEXTS`.
_ARRIVED: Final = {
    ("pause-requested", "paused"): "pause",
    ("cancel-requested", "completed"): "cancel",
    ("kill-requested", "completed"): "kill",
}


def describe_done(done: str, row: Mapping[str, Any]) -> str | None:
    """Return what became of a change, for the page that follows; None if there is nothing to tell.

    Args:
        done: what `InvocationChange.make` returned.
        row: of `sys_invocation`, as it is now.
    """
    if done == "pause-requested" and row["status"] == "backing-off":
        return "It is about to be paused."  # it has no wait to reach
    return _DONE_TEXTS.get(_ARRIVED.get((done, row["status"]), done))


def changes_for(row: Mapping[str, Any]) -> list[InvocationChange]:
    """Return what can be done with the invocation of a row of `sys_invocation`."""
    return [change for change in CHANGES.values() if change.is_possible(row)]
