"""Statuses of invocations as people see them: a word, a colour and an icon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["StatusView", "view_status"]


@dataclass(frozen=True, slots=True)
class StatusView:
    """How a status looks."""

    word: str
    #: A state of `theme.css`.
    state: str
    #: An icon of `ui.icon`.
    icon: str
    #: What it means, for who points at it.
    meaning: str


_VIEWS: Final = {
    "scheduled": StatusView("scheduled", "neutral", "calendar", "It starts later."),
    "pending": StatusView(
        "pending", "neutral", "list", "It waits for its turn: another invocation has the key."
    ),
    "ready": StatusView("ready", "running", "play", "It is about to run."),
    "running": StatusView("running", "running", "play", "An attempt is open."),
    "backing-off": StatusView(
        "backing off", "failed", "refresh", "The last attempt failed; it is tried again."
    ),
    "suspended": StatusView(
        "suspended", "waiting", "clock", "It waits for something, and nothing runs meanwhile."
    ),
    "paused": StatusView("paused", "failed", "pause", "It does not run until somebody resumes it."),
    "completed": StatusView("completed", "approved", "check", "It has its result."),
}
_FAILED: Final = StatusView("failed", "failed", "cross", "It completed with a failure.")


def view_status(row: Mapping[str, Any]) -> StatusView:
    """Return how the status in a row of `sys_invocation` looks."""
    status = str(row.get("status"))
    if status == "completed" and row.get("completion_result") == "failure":
        return _FAILED
    return _VIEWS.get(status) or StatusView(status, "neutral", "minus", "")
