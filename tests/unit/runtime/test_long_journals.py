"""Journals of 100,000 entries, written in one attempt and replayed after a crash."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import awaken
import pytest

from tests.unit.runtime.harness import Harness, awakeable_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ledger = awaken.VirtualObject("Ledger")


@ledger.handler()
async def write(ctx: awaken.ObjectContext, count: int) -> int:
    """Issue this many commands, wait, and read what the last one wrote."""
    for number in range(count):
        ctx.set("last", number)
    await ctx.awakeable()
    return await ctx.get("last", type_hint=int) or 0


async def test_journal_of_many_entries_is_replayed_after_a_crash(tmp_path: Path) -> None:
    harness = Harness(tmp_path / "data", [ledger])
    await harness.start()
    invocation_id = await harness.send("Ledger/k/write", 99_999)
    await _until_waiting(harness)

    await harness.runtime.store.committed()
    harness.runtime.crash()
    await harness.deployments.close()
    await harness.start()
    ((entries,),) = harness.rows("SELECT count(*) FROM journal")
    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b"null")

    assert entries == 100_000
    assert await harness.result(invocation_id) == 99_998
    await harness.stop()


async def _until_waiting(harness: Harness) -> None:
    while not harness.runtime.pending_awakeables():
        await asyncio.sleep(0.01)
