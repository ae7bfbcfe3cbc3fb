"""What an invocation waits for now, in words: the first thing that somebody who opens its page wants to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from awaken import _core
from awaken.errors import InvalidIdError
from awaken.inbox.timeline.entries import read_ms
from awaken.inbox.timeline.rows import RowState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.inbox.timeline.reading import JournalPart
    from awaken.inbox.timeline.rows import Row

__all__ = ["Wait", "Waits", "describe_waits"]

#: Waits that are named; a handler may wait for ten thousand children.
_NAMED: Final = 5

_VERBS: Final = {"call": "Waits for the result of", "promise": "Waits for the promise", "run": "Runs"}


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that is awaited."""

    icon: str
    #: Before the name: `Waits for`.
    verb: str
    #: What people called it; text from outside.
    name: str
    since_ms: int | None = None
    until_ms: int | None = None
    #: Who was asked.
    people: tuple[str, ...] = ()
    #: Where it can be answered, or the invocation that it waits for, below the inbox.
    path: str = ""
    can_answer: bool = False


@dataclass(frozen=True, slots=True)
class Waits:
    """What is awaited."""

    first: list[Wait]
    #: How many more.
    others: int = 0


def describe_waits(
    row: Mapping[str, Any],
    rows: Sequence[Row],
    part: JournalPart,
    now_ms: int,
    holder: str | None = None,
) -> Waits:
    """Return what an invocation waits for.

    Args:
        row: of `sys_invocation`.
        rows: of the timeline.
        part: of the journal, whose rows these are.
        now_ms: UTC milliseconds.
        holder: of one that is pending: the invocation that has the key.
    """
    match row["status"]:
        case "scheduled":
            starts = read_ms(row.get("scheduled_start_at"))
            return Waits([Wait("calendar", "Waits for its time", "", until_ms=starts)])
        case "pending":
            key = str(row.get("target_service_key") or "")
            path = f"/invocations/{holder}" if holder else ""
            return Waits(
                [Wait("list", "Waits for its turn at", key, read_ms(row.get("created_at")), path=path)]
            )
        case "completed" | "paused" | "backing-off":
            return Waits([])
    waiting = [one for one in rows if one.state is RowState.WAITING]
    if part.next is not None:
        return Waits([_wait(row["id"], one, now_ms) for one in waiting if one.signal is not None][:_NAMED])
    people_first = sorted(waiting, key=lambda one: one.signal is None)
    return Waits(
        [_wait(row["id"], one, now_ms) for one in people_first[:_NAMED]], max(0, len(waiting) - _NAMED)
    )


def _wait(invocation_id: str, row: Row, now_ms: int) -> Wait:
    aim = row.aim
    if row.signal is not None:
        approval = None if row.description is None else row.description.approval
        people = () if approval is None else approval.people(now_ms)
        name = aim.target if row.description else f"awakeable {aim.target}"
        path = f"/awakeables/{_awakeable(invocation_id, row.signal)}"
        since = None if row.is_start_vague else row.start_ms
        return Wait(
            "people" if people else "person",
            "Waits for",
            name,
            since,
            aim.due_ms,
            people,
            path,
            can_answer=True,
        )
    if aim.icon == "sleep":
        return Wait("clock", "Sleeps", aim.target, row.start_ms, aim.due_ms)
    path = f"/invocations/{aim.invocation_id}" if aim.invocation_id else ""
    return Wait("arrow", _VERBS.get(aim.icon, aim.verb), aim.target, row.start_ms, path=path)


def _awakeable(invocation_id: str, signal: int) -> str:
    try:
        return _core.format_awakeable_id(_core.parse_invocation_id(invocation_id), signal)
    except (InvalidIdError, OverflowError):  # of a damaged row
        return ""
