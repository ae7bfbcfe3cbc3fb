"""A handler waits for an awakeable since it first asked for it, even if its invocation is interrupted meanwhile."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from awaken import Context, Service, select
from awaken.handler.retry_policy import InvocationRetryPolicy
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness, awakeable_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

desk = Service(
    "Desk",
    inactivity_timeout=timedelta(seconds=60),
    invocation_retry_policy=InvocationRetryPolicy(initial_interval=timedelta(seconds=1)),
)
#: The index of the awakeable that disturbs a handler.
INTERRUPT = 18
#: Who was disturbed before.
DISTURBED: set[str] = set()


@desk.handler()
async def sign(ctx: Context) -> str:
    """Wait for a signature."""
    _, signature = ctx.awakeable(type_hint=str)
    return await signature


@desk.handler()
async def sign_disturbed(ctx: Context, name: str) -> str:
    """Wait for a signature, and fail when the first interrupt comes."""
    _, signature = ctx.awakeable(type_hint=str)
    _, interrupt = ctx.awakeable(type_hint=str)
    await select(signature=signature, interrupt=interrupt)
    if interrupt.done() and name not in DISTURBED:
        DISTURBED.add(name)
        raise ConnectionError("disturbed")
    return await signature


@desk.handler()
async def sign_later(ctx: Context) -> str:
    """Wait for a signature, sleep when an interrupt comes, and wait for the signature again."""
    _, signature = ctx.awakeable(type_hint=str)
    _, interrupt = ctx.awakeable(type_hint=str)
    await select(signature=signature, interrupt=interrupt)
    await ctx.sleep(timedelta(seconds=100))
    return await signature


@pytest_asyncio.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    DISTURBED.clear()
    harness = Harness(tmp_path / "data", [desk], clock=ManualClock())
    await harness.start()
    yield harness
    await harness.stop()


class SlowDisk:
    """Holds each commit for as long as a query takes on another thread."""

    def before_commit(self) -> None:
        time.sleep(0.02)

    def after_commit(self) -> None:
        pass


async def ask(harness: Harness, handler: str, argument: object = None, count: int = 1) -> str:
    """Start a handler, wait until it asks for its awakeables, and let a second pass."""
    before = len(harness.runtime.pending_awakeables())
    invocation_id = await harness.send(f"Desk/{handler}", argument)
    await harness.until_waiting(before + count)
    harness.advance(1000)
    return invocation_id


def waiting(harness: Harness) -> list[tuple[str, int | None]]:
    """Return invocation and time of each signature that is waited for, as the runtime lists them."""
    pending = harness.runtime.pending_awakeables()
    return [(one.invocation_id, one.since_ms) for one in pending if one.index != INTERRUPT]


def started_at(harness: Harness, invocation_id: str) -> int:
    ((started,),) = harness.rows("SELECT last_start_at FROM invocation WHERE id = ?", invocation_id)
    return int(started)


async def until_reported(harness: Harness, count: int) -> None:
    """Wait until this many handlers with an open attempt have reported what they await."""
    await harness.until(lambda: len(harness.runtime.awaited()) == count)


async def test_retry_keeps_the_time_of_asking(harness: Harness) -> None:
    start = harness.now_ms()
    early = await ask(harness, "sign_disturbed", "early", count=2)
    late = await ask(harness, "sign")
    expected = [(early, start), (late, start + 1000)]

    await harness.runtime.resolve_awakeable(awakeable_of(early, INTERRUPT), b'"interrupt"')
    await harness.until_status(early, "backing-off")
    backing_off = waiting(harness)
    harness.advance(2000)
    await until_reported(harness, 2)

    assert (backing_off, waiting(harness)) == (expected, expected)
    assert started_at(harness, early) > started_at(harness, late)


async def test_handler_that_suspends_is_listed_all_the_time(tmp_path: Path) -> None:
    harness = Harness(tmp_path / "data", [desk], clock=ManualClock(), probe=SlowDisk())
    await harness.start()
    await ask(harness, "sign")
    harness.advance(60_000)
    listings = []

    while not harness.runtime.is_idle:
        listings.append(asyncio.create_task(harness.runtime.awakeables()))
        await asyncio.sleep(0)
    pages = await asyncio.gather(*listings)
    await harness.stop()

    assert [len(page.awakeables) for page in pages] == [1] * len(listings)


async def test_suspension_and_replay_keep_the_time_of_asking(harness: Harness) -> None:
    start = harness.now_ms()
    early = await ask(harness, "sign_disturbed", "early", count=2)
    DISTURBED.add("early")
    late = await ask(harness, "sign")
    expected = [(early, start), (late, start + 1000)]

    harness.advance(60_000)
    await harness.until(lambda: harness.runtime.is_idle)
    suspended = waiting(harness)
    harness.advance(1000)
    await harness.runtime.resolve_awakeable(awakeable_of(early, INTERRUPT), b'"interrupt"')
    await until_reported(harness, 1)

    assert (suspended, waiting(harness)) == (expected, expected)
    assert started_at(harness, early) > started_at(harness, late)


@pytest.mark.parametrize("is_killed", [False, True], ids=["stopped", "killed"])
async def test_restart_keeps_the_time_of_asking(harness: Harness, is_killed: bool) -> None:
    start = harness.now_ms()
    early = await ask(harness, "sign")
    late = await ask(harness, "sign")

    if is_killed:
        harness.runtime.crash()
        await harness.deployments.close()
    else:
        await harness.stop()
    harness.advance(5000)
    await harness.start()
    await harness.until_waiting(2)
    later = await ask(harness, "sign")

    assert waiting(harness) == [(early, start), (late, start + 1000), (later, start + 7000)]


async def test_time_of_asking_is_kept_while_the_handler_awaits_something_else(harness: Harness) -> None:
    start = harness.now_ms()
    invocation_id = await ask(harness, "sign_later", count=2)

    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id, INTERRUPT), b'"interrupt"')
    await harness.until(lambda: harness.rows("SELECT 1 FROM timer WHERE kind = 'sleep'") != [])
    harness.advance(60_000)
    await harness.until_status(invocation_id, "suspended")
    asleep = waiting(harness)
    harness.advance(40_000)
    await until_reported(harness, 1)

    assert asleep == []
    assert waiting(harness) == [(invocation_id, start)]


async def test_pages_go_on_where_the_one_before_ended(harness: Harness) -> None:
    ids = [await ask(harness, "sign") for _ in range(5)]
    harness.advance(60_000)
    await harness.until(lambda: harness.runtime.is_idle)
    ids += [await ask(harness, "sign") for _ in range(2)]
    await harness.runtime.store.committed()

    seen: list[str] = []
    after: str | None = None
    for size in (2, 2, 2, 1):
        page = await harness.runtime.awakeables(limit=2, after=after)
        assert len(page.awakeables) == size
        seen += [one.invocation_id for one in page.awakeables]
        await harness.runtime.resolve_awakeable(page.awakeables[-1].awakeable_id, b'"done"')
        after = page.next

    assert seen == ids
    assert after is None
