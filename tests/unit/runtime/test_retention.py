"""Journals and results are deleted when their time is over, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.runtime.settings import RuntimeSettings
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("journal_ms", "result_ms", "is_large"),
    [
        (1_000, 5_000, False),
        (5_000, 5_000, False),
        (9_000, 5_000, False),
        (1_000, 5_000, True),
        (0, 5_000, True),
    ],
)
async def test_journal_and_result_have_their_times(
    tmp_path: Path, journal_ms: int, result_ms: int, is_large: bool
) -> None:
    settings = RuntimeSettings(journal_retention_ms=journal_ms, idempotency_retention_ms=result_ms)
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock(), settings=settings)
    await harness.start()
    text = "x" * (100_000 if is_large else 10)
    invocation_id = await harness.send("Echo/echo", text)
    assert await harness.result(invocation_id) == text
    journal_left, left = min(journal_ms, result_ms), result_ms

    for _ in range(6):
        harness.runtime.clean()
        await harness.runtime.store.committed()
        # A lower bound: what is due at this very moment may stay until the next look.
        if journal_left > 0:
            assert harness.rows("SELECT 1 FROM journal")
        if journal_left < 0:
            assert not harness.rows("SELECT 1 FROM journal")
        assert bool(harness.rows("SELECT 1 FROM invocation")) is (left > 0)
        if left > 0:
            assert await harness.result(invocation_id) == text
        harness.advance(1_000)
        journal_left, left = journal_left - 1_000, left - 1_000
    await harness.stop()
