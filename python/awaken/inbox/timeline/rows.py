"""The rows of a timeline: each command with what completed it, and each wait up to its signal.

An awakeable has no command: its wait lasts from the moment at which it is known to be awaited to its signal. A callback
or an approval is one row, from the timer that describes it to the answer; the timer is no wait of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from awaken.approvals import Answered, read_answered, tally
from awaken.inbox.timeline.aims import Aim, aim_of, name_signal
from awaken.inbox.timeline.attempts import Awaited
from awaken.inbox.timeline.entries import Entry, Side
from awaken.links.description import CallbackDescription, read_description
from awaken.outcomes import FIRST_AWAKEABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Row", "RowState", "Surroundings", "build_rows"]

#: Commands whose own entry has a value for people.
_GIVES: Final = {
    "Input": "Input",
    "Output": "Result",
    "SetState": "Value",
    "GetEagerState": "Value",
    "GetEagerStateKeys": "Names",
    "Call": "Argument",
    "OneWayCall": "Argument",
    "SendSignal": "Value",
    "CompleteAwakeable": "Value",
    "CompletePromise": "Value",
}


class RowState(Enum):
    """How a row stands."""

    DONE = "done"
    #: Its result is a failure, which the handler may have handled.
    FAILED = "failed"
    #: The handler waits for it now.
    WAITING = "waiting"
    #: It has no result, and the handler waits for something else.
    OPEN = "open"
    #: Nobody answered in time.
    EXPIRED = "expired"
    #: The invocation ended before it did.
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the timeline."""

    #: Of its entry in the journal. An awakeable that waits has none.
    index: int | None
    aim: Aim
    start_ms: int
    #: None while it waits; equal to `start_ms` for what takes no time.
    end_ms: int | None
    state: RowState
    #: Names of values, and the entries that have them.
    values: tuple[tuple[str, int], ...] = ()
    #: Of an awakeable, callback or approval: its signal.
    signal: int | None = None
    description: CallbackDescription | None = None
    #: Of an approval, those that can be read, in order: others are too large, or encoded.
    answers: tuple[Answered, ...] = ()
    #: Of an approval that is decided.
    is_approved: bool | None = None
    #: Whether it is known only to have begun no later than `start_ms`.
    is_start_vague: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known besides the entries."""

    #: When the invocation completed, in UTC milliseconds.
    ended_ms: int | None = None
    #: Since when awakeables wait that have no signal yet, by index; None if that is not known.
    pending: Mapping[int, int | None] = field(default_factory=dict)
    #: Since when signals were awaited, by index.
    since: Mapping[int, int] = field(default_factory=dict)
    awaited: Awaited = field(default_factory=Awaited)
    #: Values of signals, by their entry; those that are large or cannot be decoded are missing.
    values: Mapping[int, bytes] = field(default_factory=dict)


def build_rows(entries: Sequence[Entry], later: Sequence[Entry], around: Surroundings) -> list[Row]:
    """Return the rows of a part of a journal, in the order in which they began.

    Args:
        entries: of that part, in order.
        later: notifications that came after it.
        around: what else is known.
    """
    notifications = [entry for entry in (*entries, *later) if entry.side is Side.NOTIFICATION]
    ends = {one: entry for entry in reversed(notifications) for one in entry.completions}
    signals: dict[int | str, Entry] = {}
    for entry in notifications:
        if entry.signal is not None:
            signals.setdefault(entry.signal, entry)  # the first one counts
    builder = _Builder(ends, signals, around)
    rows: list[Row] = []
    before = entries[0].at_ms if entries else 0
    for entry in entries:
        if entry.side is Side.COMMAND:
            rows.append(builder.command(entry))
        elif entry.side is Side.OTHER:
            rows.append(
                Row(entry.index, Aim("other", entry.kind or "Entry"), entry.at_ms, entry.at_ms, RowState.DONE)
            )
        elif entry.signal is not None and entry is signals.get(entry.signal):
            rows += builder.signal(entry, before)
        before = entry.at_ms if entry.side is Side.COMMAND or entry.completions else before
    rows += builder.pending(before)
    return sorted(rows, key=lambda row: row.start_ms)  # stable: entries of one moment keep their order


class _Builder:
    """Makes rows.

    Args:
        ends: notifications by the completion that they are.
        signals: the first notification of each signal.
        around: what else is known.
    """

    def __init__(
        self, ends: Mapping[int, Entry], signals: Mapping[int | str, Entry], around: Surroundings
    ) -> None:
        self._ends = ends
        self._signals = signals
        self._around = around
        #: Signals that rows of callbacks and approvals have shown.
        self._shown: set[int] = set()

    def command(self, entry: Entry) -> Row:
        description = read_description(entry.name) if entry.kind == "Sleep" else None
        if description is not None:
            return self._callback(entry, description)
        values = [(_GIVES[entry.kind], entry.index)] if entry.kind in _GIVES else []
        if not entry.completions:
            state = RowState.FAILED if entry.fields.get("result") == "Failure" else RowState.DONE
            return Row(entry.index, aim_of(entry), entry.at_ms, entry.at_ms, state, tuple(values))
        end = self._ends.get(entry.completions[-1])
        if end is None:
            state, end_ms = self._unfinished(entry.completions[-1] in self._around.awaited.completions)
            if entry.kind == "OneWayCall":  # nobody waits for the id of what was sent
                state, end_ms = RowState.DONE, entry.at_ms
            return Row(entry.index, aim_of(entry), entry.at_ms, end_ms, state, tuple(values))
        if end.result in {"Success", "Failure", "StateKeys"}:
            values.append(("Result" if end.result != "Failure" else "Failure", end.index))
        state = RowState.FAILED if end.result == "Failure" else RowState.DONE
        return Row(entry.index, aim_of(entry), entry.at_ms, max(entry.at_ms, end.at_ms), state, tuple(values))

    def _callback(self, entry: Entry, description: CallbackDescription) -> Row:
        slots = description.approval.slots if description.approval else 1
        indexes = range(description.index, description.index + slots)
        self._shown.update(indexes)
        given = sorted(
            (self._signals[one] for one in indexes if one in self._signals), key=lambda one: one.index
        )
        timer = self._ends.get(entry.completions[-1]) if entry.completions else None
        aim = Aim(
            "approval" if description.approval else "awakeable",
            "Approval" if description.approval else "Callback",
            description.name,
            due_ms=aim_of(entry).due_ms,
        )
        answers: tuple[Answered, ...] = ()
        is_approved, last = None, given[-1] if given else None
        if description.approval is not None:
            answers, is_approved, last = self._decide(description, given)
        state, end_ms = self._unfinished(bool(self._around.awaited.signals & set(indexes)))
        if last is not None and (timer is None or last.index < timer.index):
            state = RowState.FAILED if last.result == "Failure" and not answers else RowState.DONE
            end_ms = max(entry.at_ms, last.at_ms)
        elif timer is not None:
            state, end_ms = RowState.EXPIRED, max(entry.at_ms, timer.at_ms)
        named = [
            (f"Answer {number}" if slots > 1 else "Answer", one.index) for number, one in enumerate(given, 1)
        ]
        return Row(
            entry.index,
            aim,
            entry.at_ms,
            end_ms,
            state,
            tuple(named),
            signal=description.index,
            description=description,
            answers=answers,
            is_approved=is_approved,
        )

    def _decide(
        self, description: CallbackDescription, given: Sequence[Entry]
    ) -> tuple[tuple[Answered, ...], bool | None, Entry | None]:
        """Return the answers of an approval, what they came to, and the entry that decided."""
        answers, unread = [], 0
        for one in given:
            if one.result == "Failure":
                answers.append(Answered(None, ""))
            elif one.index in self._around.values:
                answers.append(read_answered(self._around.values[one.index]))
            else:
                unread += 1
        if unread or description.approval is None:  # whether it is decided is not known before the end
            last = given[-1] if given and self._around.ended_ms is not None else None
            return tuple(answers), None, last
        count = tally(description.approval, answers)
        return tuple(answers), count.is_approved, given[count.used - 1] if count.is_decided else None

    def signal(self, entry: Entry, before_ms: int) -> list[Row]:
        """Return the row of a signal, unless a callback shows it.

        Args:
            entry: the signal.
            before_ms: when the handler last did something: it has awaited the signal since then, or longer.
        """
        signal = entry.signal
        value = (("Value" if entry.result != "Failure" else "Failure", entry.index),)
        if isinstance(signal, int) and signal >= FIRST_AWAKEABLE:
            if signal in self._shown:
                return []
            known = self._around.since.get(signal)
            start = min(known if known is not None else before_ms, entry.at_ms)
            state = RowState.FAILED if entry.result == "Failure" else RowState.DONE
            aim = Aim("awakeable", "Awakeable", str(signal))
            vague = known is None
            return [
                Row(entry.index, aim, start, entry.at_ms, state, value, signal=signal, is_start_vague=vague)
            ]
        text = name_signal(signal)
        verb = "Cancelled" if text == "cancel" else "Signal"
        aim = Aim("signal", verb, "" if text == "cancel" else text)
        return [
            Row(entry.index, aim, entry.at_ms, entry.at_ms, RowState.DONE, value if text != "cancel" else ())
        ]

    def pending(self, before_ms: int) -> list[Row]:
        """Return the rows of awakeables that wait and that no callback has shown."""
        rows = []
        for signal, since_ms in self._around.pending.items():
            if signal in self._shown or signal in self._signals:
                continue
            known = since_ms if since_ms is not None else self._around.since.get(signal)
            start = known if known is not None else before_ms
            aim = Aim("awakeable", "Awakeable", str(signal))
            state, end_ms = self._unfinished(signal in self._around.awaited.signals)
            vague = known is None
            rows.append(Row(None, aim, start, end_ms, state, signal=signal, is_start_vague=vague))
        return rows

    def _unfinished(self, is_awaited: bool) -> tuple[RowState, int | None]:
        """Return the state and the end of what has no result."""
        if self._around.ended_ms is not None:
            return RowState.LEFT, self._around.ended_ms
        if is_awaited or not self._around.awaited.is_known:
            return RowState.WAITING, None
        return RowState.OPEN, None
