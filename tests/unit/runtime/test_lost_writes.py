"""A full disk: errors are clear, nothing is lost, and the runtime continues when there is room again."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from awaken.runtime.errors import StoreError
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness
from tests.unit.runtime.services import SERVICES

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
