"""Endpoints that send very much in one turn: it is stored slice by slice, and others are served in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from awaken.testing.manual_clock import ManualClock

from tests.frames import blob, frame, number
from tests.unit.runtime.invoker.test_attempt import (
    LinesHarness,
    failure_of,
    output_and_end,
    started,
)
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SET_STATE = frame(0x0403, blob(1, b"k") + blob(3, blob(1, b"1")))
#: More than any slice, and few enough for a test.
MANY = 3_000


@pytest_asyncio.fixture
async def harness(tmp_path: Path) -> AsyncIterator[LinesHarness]:
    harness = LinesHarness(tmp_path / "data", SERVICES, clock=ManualClock())
    await harness.start()
    yield harness
    await harness.stop(grace_s=0)


def entry_count(harness: LinesHarness, invocation_id: str) -> int:
    ((count,),) = harness.rows(
        "SELECT count(*) FROM journal JOIN invocation ON seq = invocation WHERE id = ?", invocation_id
    )
    return int(count)


async def test_others_complete_while_one_attempt_floods(harness: LinesHarness) -> None:
    flooding, flood = await started(harness, "Counter/a/add", 1)
    flood.answer(200, SET_STATE * MANY, is_ended=False)
    counts = []

    for _ in range(5):
        other, line = await started(harness)
        line.answer(200, output_and_end(b'"done"'))
        assert await harness.result(other) == "done"
        counts.append(entry_count(harness, flooding))

    assert counts == sorted(counts)
    assert counts[0] < MANY
    await harness.until(lambda: entry_count(harness, flooding) == MANY + 1)
    assert harness.status(flooding) == "running"


async def test_everything_before_the_end_is_stored_before_it(harness: LinesHarness) -> None:
    invocation_id, line = await started(harness, "Counter/a/add", 1)

    line.answer(200, SET_STATE * MANY + output_and_end(b'"done"'))

    assert await harness.result(invocation_id) == "done"
    assert entry_count(harness, invocation_id) == MANY + 2


async def test_everything_before_the_loss_of_a_stream_is_stored_before_it(harness: LinesHarness) -> None:
    invocation_id, line = await started(harness, "Counter/a/add", 1)

    line.answer(200, SET_STATE * MANY, is_ended=False)
    line.break_off("connection lost")

    await harness.until_status(invocation_id, "backing-off")
    assert entry_count(harness, invocation_id) == MANY + 1
    assert failure_of(harness, invocation_id)[0] == "RT0010"


async def test_response_without_its_end_fails_after_what_it_had(harness: LinesHarness) -> None:
    invocation_id, line = await started(harness, "Counter/a/add", 1)

    line.answer(200, SET_STATE * MANY)

    await harness.until_status(invocation_id, "backing-off")
    assert entry_count(harness, invocation_id) == MANY + 1


async def test_more_is_taken_only_when_what_came_is_stored(harness: LinesHarness) -> None:
    """What is not taken closes the endpoint's window: its memory holds the rest, and not ours."""
    invocation_id, line = await started(harness, "Counter/a/add", 1)
    line.answer(200, SET_STATE * MANY, is_ended=False)
    await harness.until(lambda: not line._received)

    line.answer(200, SET_STATE * MANY, is_ended=False)
    await harness.until(lambda: entry_count(harness, invocation_id) > 100)
    assert len(line._received) == len(SET_STATE) * MANY
    await harness.until(lambda: not line._received)

    assert entry_count(harness, invocation_id) >= MANY - 3_000
    await harness.until(lambda: entry_count(harness, invocation_id) == 2 * MANY + 1)


async def test_violation_in_a_flood_keeps_what_came_before_it(harness: LinesHarness) -> None:
    invocation_id, line = await started(harness, "Counter/a/add", 1)

    line.answer(200, SET_STATE * MANY + frame(0x7FFF) + SET_STATE * MANY, is_ended=False)

    await harness.until_status(invocation_id, "backing-off")
    assert failure_of(harness, invocation_id)[0] == "RT0012"
    assert entry_count(harness, invocation_id) == MANY + 1
    assert line.is_disconnected


async def test_refused_command_in_a_flood_keeps_what_came_before_it(harness: LinesHarness) -> None:
    invocation_id, line = await started(harness, "Counter/a/add", 1)
    unknown = frame(0x040E, blob(1, b"Nobody") + blob(2, b"h") + number(10, 1))

    line.answer(200, SET_STATE * MANY + unknown + SET_STATE, is_ended=False)

    await harness.until_status(invocation_id, "backing-off")
    assert failure_of(harness, invocation_id)[0] == "RT0018"
    assert entry_count(harness, invocation_id) == MANY + 1


async def test_invocation_that_is_killed_during_its_flood_stores_no_more(harness: LinesHarness) -> None:
    invocation_id, line = await started(harness, "Counter/a/add", 1)
    line.answer(200, SET_STATE * MANY, is_ended=False)
    await harness.until(lambda: entry_count(harness, invocation_id) > 10)

    await harness.runtime.kill(invocation_id)

    await harness.until(lambda: not line._received)
    count = entry_count(harness, invocation_id)
    assert count < MANY
    next_one, line = await started(harness, "Counter/a/add", 1)
    line.answer(200, output_and_end(b"1"))
    assert await harness.result(next_one) == 1
    assert entry_count(harness, invocation_id) == count


@pytest.mark.parametrize("size", [32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1, 3_000_000])
async def test_large_messages_arrive_whole(harness: LinesHarness, size: int) -> None:
    invocation_id, line = await started(harness)

    line.answer(200, output_and_end(b'"' + b"x" * size + b'"'))

    assert len(await harness.result(invocation_id)) == size


async def test_thousands_that_are_due_at_once_all_run(harness: LinesHarness) -> None:
    """Sleeps that end in the same millisecond, and so more timers and attempts than one turn takes."""
    count = 300
    for number_ in range(count):
        await harness.send("Echo/echo", number_, delay_ms=1_000)
    assert not harness.lines.opened

    harness.advance(1_000)

    await harness.until(lambda: len(harness.lines.opened) == count)
