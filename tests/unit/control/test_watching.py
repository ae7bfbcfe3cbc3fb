"""Many who watch one question: how often it is asked, what each of them sees, and when it ends."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from awaken import _core
from awaken.control.awakeable_feed import AwakeableFeed
from awaken.control.errors import NotFoundError, UnavailableError
from awaken.control.invocation_feed import InvocationFeed
from awaken.control.operations import AwakeablePage, AwakeableView, Target

from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

INTERVAL = 0.01
INVOCATIONS = [_core.format_invocation_id(bytes([0] * 23 + [number])) for number in range(3)]


def view(number: int) -> AwakeableView:
    return AwakeableView(f"sign_{number}", "inv", Target("Desk", "sign"), "suspended")


def note(is_pending: bool, one: AwakeableView) -> tuple[bool, AwakeableView]:
    return is_pending, one


class Tables:
    """A runtime that answers what a test sets, and counts the questions."""

    def __init__(self) -> None:
        self.pending: list[AwakeableView] = []
        self.invocations: dict[str, dict[str, Any]] = {}
        self.journals: dict[str, list[dict[str, Any]]] = {}
        self.error: Exception | None = None
        self.looks = 0
        self.journals_read = 0

    async def awakeables(self, **_: Any) -> AwakeablePage:
        self.looks += 1
        if self.error is not None:
            raise self.error
        return AwakeablePage(tuple(self.pending))

    async def ask(self, sql: str) -> list[dict[str, Any]]:
        if self.error is not None:
            raise self.error
        if "sys_journal" not in sql:
            self.looks += 1
            return [row for name, row in self.invocations.items() if name in sql]
        self.journals_read += 1
        (name,) = [name for name in self.journals if name in sql]
        first = int(sql.partition('"index" >= ')[2].partition(" ")[0])
        return self.journals[name][first:]

    def set(self, name: str, status: str, entries: int) -> None:
        facts = {"id": name, "status": status, "journal_size": entries}
        self.invocations[name] = facts
        self.journals[name] = [{"index": index, "entry_type": "Command: Run"} for index in range(entries)]


class Watcher:
    """Collects what it is told."""

    def __init__(self, stream: AsyncGenerator[Any, None]) -> None:
        self.seen: list[Any] = []
        self.task = asyncio.create_task(self._read(stream))

    async def _read(self, stream: AsyncGenerator[Any, None]) -> None:
        async with aclosing(stream):
            async for event in stream:
                self.seen.append(event)

    async def until(self, *events: Any) -> None:
        await wait_until(lambda: len(self.seen) >= len(events) or self.task.done())
        assert self.seen == list(events)

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


async def test_a_hundred_watchers_ask_as_often_as_one() -> None:
    tables = Tables()
    feed = AwakeableFeed(tables, note)  # type: ignore[arg-type]
    watchers = [Watcher(feed.watch("Desk", None, 3600)) for _ in range(100)]
    tables.pending = [view(1), view(2)]

    for watcher in watchers:
        await watcher.until((True, view(1)), (True, view(2)))

    assert tables.looks == 1
    for watcher in watchers:
        await watcher.leave()


async def test_each_watcher_sees_each_change_once() -> None:
    tables = Tables()
    feed = AwakeableFeed(tables, note)  # type: ignore[arg-type]
    early = Watcher(feed.watch(None, None, INTERVAL))
    tables.pending = [view(1)]
    await early.until((True, view(1)))
    tables.pending = [view(2)]
    await early.until((True, view(1)), (False, view(1)), (True, view(2)))

    late = Watcher(feed.watch(None, None, 3600))
    await late.until((True, view(2)))
    tables.pending = []
    await late.until((True, view(2)), (False, view(2)))

    assert early.seen[3:] == [(False, view(2))]
    await early.leave()
    await late.leave()


async def test_a_slow_watcher_gets_the_difference_to_what_is_there() -> None:
    tables = Tables()
    feed = AwakeableFeed(tables, note)  # type: ignore[arg-type]
    tables.pending = [view(0)]
    slow = feed.watch(None, None, INTERVAL)
    assert await anext(slow) == (True, view(0))
    other = Watcher(feed.watch(None, None, INTERVAL))
    await other.until((True, view(0)))
    for number in range(1, 4):
        tables.pending = [view(number)]
        await wait_until(lambda: other.seen[-1][1] in tables.pending)

    assert [await anext(slow), await anext(slow)] == [(False, view(0)), (True, view(3))]
    await slow.aclose()
    await other.leave()


async def test_no_one_asks_once_all_have_left() -> None:
    tables = Tables()
    feed = AwakeableFeed(tables, note)  # type: ignore[arg-type]
    watchers = [Watcher(feed.watch(None, None, INTERVAL)) for _ in range(3)]
    await wait_until(lambda: tables.looks > 2)

    for watcher in watchers:
        await watcher.leave()
    looks = tables.looks
    await asyncio.sleep(5 * INTERVAL)

    assert tables.looks == looks
    tables.pending = [view(1)]
    again = Watcher(feed.watch(None, None, INTERVAL))
    await again.until((True, view(1)))
    await again.leave()


async def test_an_error_ends_all_streams_and_later_ones_begin_anew() -> None:
    tables = Tables()
    feed = AwakeableFeed(tables, note)  # type: ignore[arg-type]
    watchers = [Watcher(feed.watch(None, None, INTERVAL)) for _ in range(3)]
    await wait_until(lambda: tables.looks > 0)
    tables.error = UnavailableError("gone")

    for watcher in watchers:
        with pytest.raises(UnavailableError, match="gone"):
            await watcher.task
    tables.error, tables.pending = None, [view(1)]
    again = Watcher(feed.watch(None, None, INTERVAL))
    await again.until((True, view(1)))
    await again.leave()


async def test_one_question_serves_the_watchers_of_all_invocations() -> None:
    tables = Tables()
    for name in INVOCATIONS:
        tables.set(name, "running", 2)
    feed = InvocationFeed(tables)  # type: ignore[arg-type]
    watchers = [Watcher(feed.watch(name, 3600)) for name in INVOCATIONS for _ in range(10)]

    for position, watcher in enumerate(watchers):
        name = INVOCATIONS[position // 10]
        await watcher.until(*tables.journals[name], tables.invocations[name])

    assert (tables.looks, tables.journals_read) == (1, 3)
    for watcher in watchers:
        await watcher.leave()


async def test_a_journal_is_read_on_where_it_has_grown() -> None:
    tables = Tables()
    (name, other, _) = INVOCATIONS
    tables.set(name, "running", 1)
    tables.set(other, "running", 1)
    feed = InvocationFeed(tables)  # type: ignore[arg-type]
    watcher, beside = Watcher(feed.watch(name, INTERVAL)), Watcher(feed.watch(other, INTERVAL))
    running = tables.invocations[name]
    await watcher.until(tables.journals[name][0], running)

    tables.set(name, "completed", 3)

    await watcher.task
    assert watcher.seen == [
        tables.journals[name][0],
        running,
        *tables.journals[name][1:],
        tables.invocations[name],
    ]
    assert tables.journals_read == 3
    late = Watcher(feed.watch(name, INTERVAL))
    await late.task
    assert late.seen == [*tables.journals[name], tables.invocations[name]]
    await beside.leave()


async def test_an_invocation_that_does_not_exist_ends_its_own_stream_alone() -> None:
    tables = Tables()
    (name, missing, _) = INVOCATIONS
    tables.set(name, "running", 1)
    feed = InvocationFeed(tables)  # type: ignore[arg-type]
    watcher = Watcher(feed.watch(name, 3600))
    await watcher.until(tables.journals[name][0], tables.invocations[name])

    with pytest.raises(NotFoundError, match=missing):
        await Watcher(feed.watch(missing, 3600)).task

    assert not watcher.task.done()
    await watcher.leave()
