"""The table of what happened to invocations between the entries of their journals: failed attempts, and pauses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from awaken.runtime.attempt_failure import AttemptFailure
    from awaken.runtime.clock import Clock
    from awaken.runtime.store import Store

__all__ = ["EVENTS", "JournalEvents"]

#: Events that are kept of an invocation, the last ones: a handler may fail for ever, each time in another way.
EVENTS: Final = 100
#: Characters of texts that are kept, as on the server.
_MESSAGE_SIZE: Final = 8_192
_STACKTRACE_SIZE: Final = 32_768


class JournalEvents:
    """Events of invocations, which are given by the numbers of their rows."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def add_failure(self, invocation: int, failure: AttemptFailure) -> None:
        """Note a failed attempt, unless the last event says the same about the same place in the journal."""
        self._add(invocation, "TransientError", {"ty": "TransientError", **_describe(failure)})

    def add_pause(
        self, invocation: int, failure: AttemptFailure | None, *, is_backing_off: bool = False
    ) -> None:
        """Note a pause, with the failure that led to it.

        Args:
            invocation: which one.
            failure: of the attempt that ended with the pause.
            is_backing_off: whether an operator paused it after a failure, which is the last event.
        """
        described = None if failure is None else _describe(failure)
        if is_backing_off:
            described = self._last_failure(invocation)
        event = {"ty": "Paused"} if described is None else {"ty": "Paused", "last_failure": described}
        self._add(invocation, "Paused", event)

    def delete(self, invocation: int) -> None:
        """Delete all of an invocation."""
        self._store.write("DELETE FROM journal_event WHERE invocation = ?", (invocation,))

    def _last_failure(self, invocation: int) -> dict[str, Any] | None:
        last = self._last(invocation)
        try:
            found = json.loads(last[2]) if last is not None else None
        except (TypeError, ValueError, RecursionError):  # damaged
            return None
        if not isinstance(found, dict) or found.pop("ty", None) != "TransientError":
            return None
        return found

    def _last(self, invocation: int) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._store.fetch(
            "SELECT number, after_idx, event_json FROM journal_event WHERE invocation = ? ORDER BY number DESC LIMIT 1",
            (invocation,),
        ).fetchone()
        return found

    def _add(self, invocation: int, kind: str, event: dict[str, Any]) -> None:
        written = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
        (after,) = self._store.fetch(
            "SELECT max(idx) FROM journal WHERE invocation = ?", (invocation,)
        ).fetchone()
        last = self._last(invocation)
        number = 0 if last is None else last[0]
        if last is not None and last[1:] == (after, written):
            return
        self._store.write(
            "INSERT INTO journal_event (invocation, number, after_idx, appended_at, kind, event_json) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (invocation, number + 1, after, self._clock.now_ms(), kind, written),
        )
        if number >= EVENTS:
            self._store.write(
                "DELETE FROM journal_event WHERE invocation = ? AND number <= ?",
                (invocation, number + 1 - EVENTS),
            )


def _describe(failure: AttemptFailure) -> dict[str, Any]:
    related = {
        "related_command_index": failure.command_index,
        "related_command_name": failure.command_name,
        "related_command_type": failure.command_type,
    }
    texts = {"error_stacktrace": failure.stacktrace[:_STACKTRACE_SIZE] or None}
    return {
        "error_code": failure.code,
        "error_message": failure.message[:_MESSAGE_SIZE],
        **{name: text for name, text in texts.items() if text is not None},
        "restate_doc_error_code": failure.reason,
        **{name: value for name, value in related.items() if value is not None},
    }
