"""A disk that is full, or does not sync: errors are clear, nothing is lost, and the runtime goes on afterwards."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from typing import TYPE_CHECKING

import pytest
from awaken.control.errors import AlreadyInvokedError
from awaken.runtime.errors import CommitUnknownError, StoreError
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness
from tests.unit.runtime.services import SERVICES
from tests.unit.runtime.store.held_log import HeldLog

if TYPE_CHECKING:
    from pathlib import Path


class Disk:
    is_full = False

    def before_commit(self) -> None:
        if self.is_full:
            raise sqlite3.OperationalError("database or disk is full")

    def after_commit(self) -> None:
        pass


async def test_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    disk = Disk()
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock(), probe=disk)
    await harness.start()
    waiting = await harness.send("Echo/wait")
    napping = await harness.send("Echo/nap", 500)
    (pending,) = await harness.until_waiting()
    await harness.until(lambda: harness.rows("SELECT 1 FROM timer") != [])
    await harness.runtime.store.committed()

    disk.is_full = True
    with pytest.raises(StoreError, match="disk is full"):
        await harness.call("Echo/echo", "lost")
    with pytest.raises(StoreError, match="disk is full"):
        await harness.runtime.resolve_awakeable(pending.awakeable_id, b'"lost"')
    harness.advance(1000)  # it tries to continue, and fails again
    await harness.until(lambda: harness.runtime.store.is_idle)
    disk.is_full = False
    harness.advance(1000)

    assert await harness.result(napping) == "rested"
    (again,) = await harness.until_waiting()
    assert again.awakeable_id == pending.awakeable_id
    await harness.runtime.resolve_awakeable(pending.awakeable_id, b'"kept"')
    assert await harness.result(waiting) == "kept"
    assert await harness.call("Echo/echo", "works") == "works"
    assert len(harness.rows("SELECT 1 FROM invocation")) == 3
    await harness.stop()


async def test_disk_that_does_not_sync_is_told_and_the_file_counts(tmp_path: Path) -> None:
    logs: list[HeldLog] = []

    def open_log(path: Path) -> HeldLog:
        logs.append(HeldLog(path))
        return logs[-1]

    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock(), open_log=open_log)
    await harness.start()
    waiting = await harness.send("Echo/wait")
    (pending,) = await harness.until_waiting()
    await harness.runtime.store.committed()

    logs[-1].error = OSError(28, os.strerror(28))
    with pytest.raises(CommitUnknownError, match="No space left"):
        await harness.runtime.resolve_awakeable(pending.awakeable_id, b'"resolved"')
    with pytest.raises(StoreError):
        await harness.call("Echo/echo", "refused")
    harness.advance(1000)  # it tries to continue, and fails again
    await asyncio.sleep(0.05)
    assert harness.runtime.awaited() == [], "nothing runs"
    logs[-1].error = None
    harness.advance(1000)

    assert await harness.result(waiting) == "resolved", "which is in the file, although nobody was told"
    assert await harness.call("Echo/echo", "works") == "works"
    await harness.stop()


async def test_second_run_of_a_workflow_is_refused_when_the_first_is_on_disk(tmp_path: Path) -> None:
    """Whoever is refused does not ask again; the first run must not be gone after a power failure."""
    logs: list[HeldLog] = []

    def open_log(path: Path) -> HeldLog:
        logs.append(HeldLog(path))
        return logs[-1]

    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock(), open_log=open_log)
    await harness.start()
    logs[-1].is_held = True

    first = asyncio.create_task(harness.call("Approval/k/run"))
    second = asyncio.create_task(harness.call("Approval/k/run"))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not second.done()
    logs[-1].is_held = False
    logs[-1].end()

    with pytest.raises(AlreadyInvokedError):
        await second
    first.cancel()
    await harness.stop()


async def test_early_attempt_is_aborted_with_its_row(tmp_path: Path) -> None:
    disk = Disk()
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock(), probe=disk)
    await harness.start()

    disk.is_full = True
    calling = asyncio.create_task(harness.call("Echo/wait"))
    async with asyncio.timeout(5):
        while not calling.done():
            await asyncio.sleep(0)
    disk.is_full = False

    with pytest.raises(StoreError, match="nothing of this was kept"):
        await calling
    assert harness.runtime.awaited() == []
    assert harness.rows("SELECT id FROM invocation") == []
    harness.advance(1000)
    assert await harness.call("Echo/echo", "works") == "works"
    await harness.stop()
