"""Counts what handlers wait for: by service, handler and name, by age, and what is overdue.

A million waits are counted in some seconds, and names are in journals, which take longer. So names are only read while
there are few waits, and of many, only those are looked at that may be overdue.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from awaken.control.describing_timers import DescribingTimer, Timers
from awaken.control.futures import awaited_awakeables
from awaken.links.description import ENTRY_PREFIX
from awaken.runtime.described_sleep import SLEEP, read_described_sleep
from awaken.timing.time_limits import LAST_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from awaken.runtime.processor.open_attempts import Awaited

    Fetch = Callable[[str, tuple[Any, ...]], Iterable[tuple[Any, ...]]]

__all__ = ["AGES", "OpenWaits", "Wait", "count_waits"]

#: Names of ages, and the milliseconds up to which each one goes.
AGES: Final = (("1m", 60_000), ("1h", 3_600_000), ("1d", 86_400_000), ("7d", 604_800_000), ("more", LAST_MS))
#: How many waits are looked at one by one: about 50 ms on a thread.
MOST_NAMED: Final = 2_000


class Wait(NamedTuple):
    """What waits are counted by."""

    service: str
    handler: str
    #: What the handler called it; empty without a name, or if names are not read.
    name: str


@dataclass(slots=True)
class OpenWaits:
    """The waits of one moment."""

    #: By what they are counted by, and by the index of the age in `AGES`.
    counts: Counter[tuple[Wait, int]] = field(default_factory=Counter)
    overdue: Counter[Wait] = field(default_factory=Counter)
    #: When the oldest began, by service and handler, in UTC milliseconds.
    oldest_ms: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, wait: Wait, since_ms: int, age: int, count: int = 1) -> None:
        """Add waits of one age, of which the oldest began at a time."""
        self.counts[wait, age] += count
        handler = (wait.service, wait.handler)
        self.oldest_ms[handler] = min(since_ms, self.oldest_ms.get(handler, since_ms))


class _Stored(NamedTuple):
    invocation: int
    signal: int
    since_ms: int
    service: str
    handler: str


def count_waits(fetch: Fetch, awaited: Sequence[Awaited], now_ms: int) -> OpenWaits:
    """Count the open waits.

    Args:
        fetch: reads the store.
        awaited: what open attempts reported; the store knows of the other invocations.
        now_ms: UTC milliseconds.
    """
    waits = OpenWaits()
    reported = json.dumps([one.row.seq for one in awaited])
    few = list(_stored(fetch, reported, "ORDER BY a.since LIMIT ?", (MOST_NAMED + 1,)))
    open_ones = list(_open(fetch, awaited))
    is_few = len(few) + len(open_ones) <= MOST_NAMED
    if not is_few:
        _count_many(fetch, reported, now_ms, waits)
        few = _possibly_overdue(fetch, reported, now_ms)
    looked_at = [*few, *open_ones[:MOST_NAMED]]
    timers = _timers(fetch, {one.invocation for one in looked_at})
    for one in looked_at:
        timer = timers[one.invocation].find(one.signal) if one.invocation in timers else None
        name = timer.description.name if timer is not None and is_few else ""
        wait = Wait(one.service, one.handler, name)
        if is_few:
            waits.add(wait, one.since_ms, _age(now_ms - one.since_ms))
        if timer is not None and timer.expires_at_ms is not None and timer.expires_at_ms <= now_ms:
            waits.overdue[wait] += 1
    if not is_few:
        for one in open_ones:
            waits.add(Wait(one.service, one.handler, ""), one.since_ms, _age(now_ms - one.since_ms))
    return waits


def _age(age_ms: int) -> int:
    return next(index for index, (_, most) in enumerate(AGES) if age_ms < most or most == LAST_MS)


def _count_many(fetch: Fetch, reported: str, now_ms: int, waits: OpenWaits) -> None:
    bounds = [now_ms - most for _, most in AGES[:-1]]
    rows = fetch(
        "SELECT i.service, i.handler, (a.since <= ?) + (a.since <= ?) + (a.since <= ?) + (a.since <= ?), "
        # In the order of both tables, row by row: the index by age would read the other one at random.
        "count(*), min(a.since) FROM awakeable AS a NOT INDEXED CROSS JOIN invocation AS i ON i.seq = a.invocation "
        "WHERE a.is_awaited = 1 AND a.invocation NOT IN (SELECT value FROM json_each(?)) GROUP BY 1, 2, 3",
        (*bounds, reported),
    )
    for service, handler, age, count, since_ms in rows:
        waits.add(Wait(service, handler, ""), since_ms, age, count)


def _stored(fetch: Fetch, reported: str, rest: str, values: tuple[Any, ...]) -> Iterator[_Stored]:
    """Yield what invocations without an open attempt wait for."""
    rows = fetch(
        "SELECT a.invocation, a.signal, a.since, i.service, i.handler FROM awakeable AS a "  # noqa: S608 -- of this file
        "JOIN invocation AS i ON i.seq = a.invocation WHERE a.is_awaited = 1 "
        f"AND a.invocation NOT IN (SELECT value FROM json_each(?)) {rest}",
        (reported, *values),
    )
    return map(_Stored._make, rows)


def _possibly_overdue(fetch: Fetch, reported: str, now_ms: int) -> list[_Stored]:
    """Return waits whose timer is due, or whose handler has been given something that it has not read."""
    found: dict[tuple[int, int], _Stored] = {}
    for among in (
        "SELECT invocation FROM timer WHERE due <= ?2 AND kind = 'sleep' LIMIT ?3",
        "SELECT seq FROM invocation WHERE status = 'invoked' AND ?2 IS NOT NULL LIMIT ?3",
        "SELECT seq FROM invocation WHERE status = 'paused' AND ?2 IS NOT NULL LIMIT ?3",
    ):
        rest = f"AND a.invocation IN ({among}) LIMIT ?3"
        for one in _stored(fetch, reported, rest, (now_ms, MOST_NAMED)):
            found[one.invocation, one.signal] = one
    return list(islice(found.values(), MOST_NAMED))


def _open(fetch: Fetch, awaited: Sequence[Awaited]) -> Iterator[_Stored]:
    """Yield what handlers with an open attempt wait for."""
    for one in awaited:
        row = one.row
        for signal in awaited_awakeables(one.future_json):
            known = fetch(
                "SELECT coalesce((SELECT since FROM awakeable WHERE invocation = ?1 AND signal = ?2), ?3) "
                "WHERE NOT EXISTS (SELECT 1 FROM journal WHERE invocation = ?1 AND signal = ?2)",
                (row.seq, signal, one.asked_ms[signal]),
            )
            for (since_ms,) in known:
                yield _Stored(row.seq, signal, since_ms, row.service, row.handler)


def _timers(fetch: Fetch, invocations: set[int]) -> dict[int, Timers]:
    """Return what the journals record of callbacks, also of those whose timer has ended, by the row."""
    rows = fetch(
        "SELECT invocation, payload FROM journal WHERE code = ? AND instr(payload, ?) > 0 "
        "AND invocation IN (SELECT value FROM json_each(?)) ORDER BY invocation, idx",
        (SLEEP, ENTRY_PREFIX.encode(), json.dumps(sorted(invocations))),
    )
    found: dict[int, Timers] = {}
    for invocation, payload in rows:
        timer = _describe(payload)
        if timer is not None:
            found.setdefault(invocation, Timers()).add(timer)
    return found


@lru_cache(maxsize=2 * MOST_NAMED)  # the same ones are counted again and again
def _describe(payload: bytes) -> DescribingTimer | None:
    sleep = read_described_sleep(payload)
    return None if sleep is None else DescribingTimer(sleep.description, sleep.wake_up_ms, None)
