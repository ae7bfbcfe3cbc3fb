"""Every commit is a crash point: from the files of each one, the runtime reaches the same end."""

from __future__ import annotations

import asyncio
import random
import shutil
from typing import TYPE_CHECKING

import pytest
from awaken.runtime.errors import RuntimeClosedError, StoreError
from awaken.runtime.settings import RuntimeSettings
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from pathlib import Path


class Snapshots:
    """Copies the files of the store after each commit, before any caller is notified."""

    def __init__(self, data: Path, into: Path) -> None:
        self.data = data
        self.into = into
        self.taken: list[Path] = []

    def before_commit(self) -> None:
        pass

    def after_commit(self) -> None:
        snapshot = self.into / str(len(self.taken))
        snapshot.mkdir(parents=True)
        for name in ("awaken.sqlite", "awaken.sqlite-wal"):
            if (self.data / name).exists():
                shutil.copy(self.data / name, snapshot / name)
        self.taken.append(snapshot)


async def finish(harness: Harness) -> object:
    """Repeat the request, as a caller without a response would, and help the invocation to its end."""
    invocation_id = await harness.send("Counter/a/everything", 5, idempotency_key="once")
    async with asyncio.timeout(25):
        while harness.status(invocation_id) != "completed":
            for pending in harness.runtime.pending_awakeables():
                await harness.runtime.resolve_awakeable(pending.awakeable_id, b'"resolved"')
            if harness.rows("SELECT 1 FROM timer"):
                harness.advance(10_000)
            for _ in range(20):
                await harness.runtime.store.committed()
                await asyncio.sleep(0)
    result = await harness.result(invocation_id)
    harness.advance(60_000)
    await harness.until(lambda: harness.rows("SELECT 1 FROM invocation WHERE status <> 'completed'") == [])
    return result


async def outcome(harness: Harness) -> object:
    result = await finish(harness)
    state = harness.rows("SELECT service, key, name, value FROM state ORDER BY 1, 2, 3")
    invocations = harness.rows("SELECT service, key, handler, status FROM invocation ORDER BY 1, 2, 3")
    return result, state, invocations


@pytest.mark.slow
@pytest.mark.parametrize("is_bidirectional", [True, False])
async def test_each_commit_is_a_crash_point(tmp_path: Path, is_bidirectional: bool) -> None:
    snapshots = Snapshots(tmp_path / "data", tmp_path / "snapshots")

    def harness_on(directory: Path, probe: Snapshots | None = None) -> Harness:
        return Harness(
            directory, SERVICES, clock=ManualClock(), probe=probe, is_bidirectional=is_bidirectional
        )

    undisturbed = harness_on(tmp_path / "data", snapshots)
    await undisturbed.start()
    expected = await outcome(undisturbed)
    await undisturbed.stop()

    assert expected[0] == [0, 4, "hello", "resolved", 5]  # type: ignore[index]
    assert len(snapshots.taken) > 8
    for snapshot in snapshots.taken:
        resumed = harness_on(snapshot)
        await resumed.start()
        assert await outcome(resumed) == expected, f"from commit {snapshot.name}"
        await resumed.stop()


async def test_lost_process_loses_nothing_that_was_told(tmp_path: Path) -> None:
    harness = Harness(tmp_path / "data", SERVICES, settings=RuntimeSettings(inactivity_timeout_ms=0))
    harness.clock = ManualClock()
    await harness.start()
    waiting = [await harness.send("Echo/wait") for _ in range(20)]
    pending = await harness.until_waiting(20)
    for one in pending[:10]:
        await harness.runtime.resolve_awakeable(one.awakeable_id, b'"resolved"')
    harness.runtime.crash()

    await harness.start()
    for one in pending[10:]:
        await harness.runtime.resolve_awakeable(one.awakeable_id, b'"resolved"')

    assert [await harness.result(one) for one in waiting] == ["resolved"] * 20
    await harness.stop()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_crashes_at_random_lose_nothing_and_repeat_nothing(tmp_path: Path, seed: int) -> None:
    """Callers ask again until they have an answer; the store is abandoned after a random number of turns."""
    chance = random.Random(seed)
    harness = Harness(
        tmp_path / "data", SERVICES, clock=ManualClock(), is_bidirectional=chance.random() < 0.5
    )
    await harness.start()
    count = 40

    async def insist(number: int) -> object:
        while True:
            try:
                invocation_id = await harness.send(
                    "Echo/count_around_a_wait", idempotency_key=f"caller {number}"
                )
                return await harness.result(invocation_id)
            except (RuntimeClosedError, StoreError):
                await asyncio.sleep(0)

    async def resolve_all() -> None:
        while True:
            try:
                for pending in harness.runtime.pending_awakeables(limit=3):
                    await harness.runtime.resolve_awakeable(pending.awakeable_id, b'"resolved"')
            except (RuntimeClosedError, StoreError):
                pass  # it crashed in between, and is asked again
            await asyncio.sleep(0)

    async def crash_again_and_again() -> None:
        for _ in range(25):
            for _ in range(chance.randrange(1, 60)):
                await asyncio.sleep(0)
            harness.runtime.crash()
            await harness.start()

    resolver = asyncio.create_task(resolve_all())
    crasher = asyncio.create_task(crash_again_and_again())
    answers = await asyncio.gather(*[insist(number) for number in range(count)])
    await crasher
    resolver.cancel()

    assert answers == ["resolved"] * count
    await harness.until(lambda: harness.rows("SELECT 1 FROM invocation WHERE status <> 'completed'") == [])
    assert await harness.call("Counter/shared/total") == 2 * count
    await harness.stop()
