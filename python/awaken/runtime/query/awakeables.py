"""Which awakeables handlers wait for: what suspended invocations left in the store, and what open attempts reported."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from awaken import _core
from awaken.control.describing_timers import DescribingTimer, Timers, describe_view
from awaken.control.errors import InvalidRequestError
from awaken.control.futures import awaited_awakeables, describe_besides
from awaken.control.operations import AwakeablePage, AwakeableView, Target
from awaken.errors import InvalidIdError
from awaken.links.description import APPROVAL_PART, ENTRY_PREFIX, entry_start
from awaken.runtime.described_sleep import SLEEP, read_described_sleep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from awaken.links.description import CallbackDescription
    from awaken.runtime.processor.open_attempts import Awaited

    Fetch = Callable[[str, tuple[Any, ...]], Iterable[tuple[Any, ...]]]

__all__ = ["Filter", "count_awakeables", "find_description", "list_awakeables"]

_COLUMNS: Final = "i.id, i.service, i.handler, i.key, i.status, i.next_retry_at, i.future_json"

Position = tuple[int, int, int]
_POSITION: Final = re.compile(r"(-?\d{1,19})\.(-?\d{1,19})\.(-?\d{1,19})", re.ASCII)
#: The lowest integer of SQLite.
_LOWEST: Final = -(2**63)


class Filter(NamedTuple):
    """Which awakeables to list; None for all."""

    service: str | None = None
    key: str | None = None
    invocation_id: str | None = None

    def conditions(self) -> tuple[str, tuple[str, ...]]:
        """Return SQL conditions on an invocation `i`, each behind AND, and their values."""
        wanted = {"service": self.service, "key": self.key, "id": self.invocation_id}
        given = {name: value for name, value in wanted.items() if value is not None}
        return "".join(f" AND i.{name} = ?" for name in given), tuple(given.values())

    def matches(self, awaited: Awaited) -> bool:
        """Whether an invocation with an open attempt is among those wanted."""
        row = awaited.row
        return (
            self.service in (None, row.service)
            and self.key in (None, row.key)
            and self.invocation_id in (None, row.id)
        )


class _Waiting(NamedTuple):
    """One awakeable: since when, the row of its invocation and its signal, then facts of the invocation."""

    since_ms: int
    invocation: int
    signal: int
    id: str
    service: str
    handler: str
    key: str | None
    status: str
    next_retry_at: int | None
    future_json: str | None

    @property
    def position(self) -> Position:
        return self[:3]


def list_awakeables(
    fetch: Fetch, awaited: Sequence[Awaited], wanted: Filter, limit: int, after: str | None
) -> AwakeablePage:
    """List pending awakeables, longest first.

    Args:
        fetch: reads the store.
        awaited: what open attempts reported. Of the other invocations the store knows.
        wanted: which ones to list.
        limit: the size of the page.
        after: `next` of the page before.

    Raises:
        InvalidRequestError: `after` is not from a page before.
    """
    start = _read_position(after)
    found = [*_stored(fetch, awaited, wanted, start, limit + 1), *_open(fetch, awaited, wanted, start)]
    found.sort(key=lambda one: one.position)
    page = found[:limit]
    timers = _callbacks(fetch, {one.invocation for one in page})
    trees = {one.invocation: one.future_json for one in page}
    besides = {invocation: describe_besides(tree) for invocation, tree in trees.items()}
    return AwakeablePage(
        tuple(
            _view(one, timers.get(one.invocation), besides[one.invocation].get(one.signal, ()))
            for one in page
        ),
        ".".join(map(str, page[-1].position)) if len(found) > limit and page else None,
    )


def count_awakeables(fetch: Fetch, awaited: Sequence[Awaited], most: int) -> int:
    """Return how many awakeables are pending, at most `most`.

    Args:
        fetch: reads the store.
        awaited: what open attempts reported.
        most: those beyond are not counted.
    """
    reported = json.dumps([one.row.seq for one in awaited])
    ((stored,),) = fetch(
        "SELECT count(*) FROM (SELECT 1 FROM awakeable WHERE is_awaited = 1 "
        "AND invocation NOT IN (SELECT value FROM json_each(?)) LIMIT ?)",
        (reported, most),
    )
    start = _read_position(None)
    found = islice(_open(fetch, awaited, Filter(), start), max(most - stored, 0))
    return int(stored) + sum(1 for _ in found)


def _read_position(after: str | None) -> Position:
    if after is None:
        return (_LOWEST, _LOWEST, _LOWEST)
    match = _POSITION.fullmatch(after)
    numbers = [int(number) for number in match.groups()] if match else []
    if not numbers or not all(_LOWEST <= number < -_LOWEST for number in numbers):
        raise InvalidRequestError(f"{after[:100]!r} is not a page token; use the one of the answer before")
    return (numbers[0], numbers[1], numbers[2])


def _stored(
    fetch: Fetch, awaited: Sequence[Awaited], wanted: Filter, start: Position, limit: int
) -> Iterable[_Waiting]:
    """Yield what suspended, paused and failing invocations wait for."""
    conditions, values = wanted.conditions()
    reported = json.dumps([one.row.seq for one in awaited])
    rows = fetch(
        f"SELECT a.since, a.invocation, a.signal, {_COLUMNS} FROM awakeable AS a "  # noqa: S608 - names of this file
        "JOIN invocation AS i ON i.seq = a.invocation WHERE a.is_awaited = 1 "
        "AND (a.since, a.invocation, a.signal) > (?, ?, ?) "
        f"AND a.invocation NOT IN (SELECT value FROM json_each(?)){conditions} "
        "ORDER BY a.since, a.invocation, a.signal LIMIT ?",
        (*start, reported, *values, limit),
    )
    return map(_Waiting._make, rows)


def _open(fetch: Fetch, awaited: Sequence[Awaited], wanted: Filter, start: Position) -> Iterable[_Waiting]:
    """Yield what handlers with an open attempt wait for."""
    for one in awaited:
        if not wanted.matches(one):
            continue
        row = one.row
        for signal in awaited_awakeables(one.future_json):
            known = fetch(
                "SELECT coalesce((SELECT since FROM awakeable WHERE invocation = ?1 AND signal = ?2), ?3) "
                "WHERE NOT EXISTS (SELECT 1 FROM journal WHERE invocation = ?1 AND signal = ?2)",
                (row.seq, signal, one.asked_ms[signal]),
            )
            for (since_ms,) in known:
                if (since_ms, row.seq, signal) > start:
                    facts = (row.id, row.service, row.handler, row.key, "invoked", None, one.future_json)
                    yield _Waiting(since_ms, row.seq, signal, *facts)


def _callbacks(fetch: Fetch, invocations: set[int]) -> dict[int, Timers]:
    """Return what the journals record of callbacks, by the row of the invocation.

    A pending callback has a pending timer, so journals of invocations without one are not read.
    """
    rows = fetch(
        "SELECT invocation, payload, appended_at FROM journal WHERE code = ? AND instr(payload, ?) > 0 "
        "AND invocation IN (SELECT invocation FROM timer WHERE kind = 'sleep' "
        "AND invocation IN (SELECT value FROM json_each(?))) ORDER BY invocation, idx",
        (SLEEP, ENTRY_PREFIX.encode(), json.dumps(sorted(invocations))),
    )
    found: dict[int, Timers] = {}
    for invocation, payload, appended_at in rows:
        sleep = read_described_sleep(payload)
        if sleep is not None:
            timer = DescribingTimer(sleep.description, sleep.wake_up_ms, appended_at)
            found.setdefault(invocation, Timers()).add(timer)
    return found


def find_description(
    fetch: Fetch, invocation: int, index: int, *, is_pending: bool = False
) -> CallbackDescription | None:
    """Return how a handler described a callback or an approval; None for a plain awakeable.

    Args:
        fetch: reads the store.
        invocation: the row.
        index: of the awakeable's signal.
        is_pending: whether one is wanted that can still be answered; the journal is not read then if no timer runs.
    """
    rows = fetch(
        "SELECT payload FROM journal WHERE invocation = ?1 AND code = ?2 "
        "AND (instr(payload, ?3) > 0 OR instr(payload, ?4) > 0) "
        "AND (NOT ?5 OR EXISTS (SELECT 1 FROM timer WHERE invocation = ?1 AND kind = 'sleep')) ORDER BY idx",
        (invocation, SLEEP, entry_start(index).encode(), APPROVAL_PART.encode(), is_pending),
    )
    timers = Timers()
    for (payload,) in rows:
        sleep = read_described_sleep(payload)
        if sleep is not None:
            timers.add(DescribingTimer(sleep.description, None, None))
    found = timers.find(index)
    return None if found is None else found.description


def _view(one: _Waiting, timers: Timers | None, beside: tuple[str, ...]) -> AwakeableView:
    view = AwakeableView(
        _awakeable_id(one),
        one.id,
        Target(one.service, one.handler, one.key),
        _status(one),
        one.since_ms,
        beside=beside,
    )
    timer = None if timers is None else timers.find(one.signal)
    return view if timer is None else describe_view(view, timer)


def _awakeable_id(one: _Waiting) -> str:
    """Return the id; of a row that was damaged, a text that says so: the others are still listed."""
    try:
        return _core.format_awakeable_id(_core.parse_invocation_id(one.id), one.signal)
    except (InvalidIdError, OverflowError):
        return f"unreadable: signal {one.signal} of invocation {one.id!r}"


def _status(one: _Waiting) -> str:
    if one.status != "invoked":
        return one.status
    return "running" if one.next_retry_at is None else "backing-off"
