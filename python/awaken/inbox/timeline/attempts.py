"""Attempts of an invocation, from the events of its journal: when each ended, and why.

A runtime notes how attempts end, not when they begin: the time between two of them belongs to the later one. It does
not note a failure that says the same as the one before, so there may have been more attempts than are known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from awaken.inbox.timeline.entries import read_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Attempt", "AttemptEnd", "Awaited", "read_attempts", "read_awaited", "waits_since"]

#: The signal that cancels an invocation.
_CANCEL: Final = 1
#: Levels of the tree of what is awaited; deeper ones are not looked at.
_DEEPEST: Final = 50


class AttemptEnd(Enum):
    """How an attempt ended."""

    FAILED = "failed"
    SUSPENDED = "suspended"
    PAUSED = "paused"
    COMPLETED = "completed"
    #: It has not.
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, or several that ended in the same way."""

    number: int
    start_ms: int
    end_ms: int
    end: AttemptEnd
    #: Of a failure, its first line and all of it; text from outside.
    error: str = ""
    details: str = ""
    #: What it did when it failed, such as `Run "pay"`.
    related: str = ""


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a handler awaits; both are empty if that is not known."""

    completions: frozenset[int] = frozenset()
    signals: frozenset[int | str] = frozenset()

    @property
    def is_known(self) -> bool:
        """Whether something is known. Everybody awaits the signal that cancels."""
        return bool(self.completions or self.signals - {_CANCEL})


_ENDS: Final = {
    "TransientError": AttemptEnd.FAILED,
    "Suspended": AttemptEnd.SUSPENDED,
    "Paused": AttemptEnd.PAUSED,
}


def read_attempts(
    events: Sequence[Mapping[str, Any]], started_ms: int, now_ms: int, status: str
) -> list[Attempt]:
    """Return the known attempts, in order; the last one is that of now, if there is one.

    Args:
        events: rows of `sys_journal_events`.
        started_ms: when the first attempt began, in UTC milliseconds.
        now_ms: until when an open one lasts; of a completed invocation, when it completed.
        status: of the invocation.
    """
    attempts: list[Attempt] = []
    start = started_ms
    for event in sorted(events, key=lambda one: str(one.get("appended_at") or "")):
        end = _ENDS.get(str(event.get("event_type")))
        at_ms = read_ms(event.get("appended_at"))
        if end is None or at_ms is None:
            continue
        number = len(attempts) + 1
        attempts.append(Attempt(number, start, max(start, at_ms), end, *_failure(event)))
        start = max(start, at_ms)
    if status in {"running", "completed"} or (status == "backing-off" and not attempts):
        end = AttemptEnd.COMPLETED if status == "completed" else AttemptEnd.OPEN
        attempts.append(Attempt(len(attempts) + 1, start, max(start, now_ms), end))
    return attempts


def read_awaited(text: object) -> Awaited:
    """Return what a handler awaits, from a column such as `suspended_waiting_future_json`."""
    return _awaited(_document(text))


def _awaited(tree: object) -> Awaited:
    completions: set[int] = set()
    signals: set[int | str] = set()
    level = [tree]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for one in level:
            if isinstance(one, list):
                below += one
            elif isinstance(one, dict):
                single = one.get("Single")
                if isinstance(single, dict):
                    completion, signal = (
                        single.get("CompletionId"),
                        single.get("SignalIndex", single.get("SignalName")),
                    )
                    completions |= {completion} if isinstance(completion, int) else set()
                    signals |= {signal} if isinstance(signal, int | str) else set()
                below += [inner for name, inner in one.items() if name != "Single"]
        level = below
    return Awaited(frozenset(completions), frozenset(signals))


def waits_since(events: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """Return since when signals are known to be awaited, in UTC milliseconds, by index, from suspensions."""
    since: dict[int, int] = {}
    for event in events:
        at_ms = read_ms(event.get("appended_at"))
        if event.get("event_type") != "Suspended" or at_ms is None:
            continue
        for signal in _awaited(_document(event.get("event_json"))).signals:
            if isinstance(signal, int):
                since[signal] = min(at_ms, since.get(signal, at_ms))
    return since


def _failure(event: Mapping[str, Any]) -> tuple[str, str, str]:
    document = _document(event.get("event_json"))
    failure = document.get("last_failure") if event.get("event_type") == "Paused" else document
    if not isinstance(failure, dict) or "error_message" not in failure:
        return "", "", ""
    message, trace = str(failure["error_message"]), str(failure.get("error_stacktrace") or "")
    details = message if not trace or trace in message else f"{message}\n{trace}"
    kind, name = failure.get("related_command_type"), failure.get("related_command_name")
    return message.partition("\n")[0], details, " ".join(str(part) for part in (kind, name) if part)


def _document(text: object) -> Mapping[str, Any]:
    try:
        found = json.loads(str(text or "null"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
