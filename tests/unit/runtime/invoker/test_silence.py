"""Endpoints that take a request and say nothing more: the abort timeout, in every way to run an attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from awaken.runtime.settings import RuntimeSettings
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.invoker.test_attempt import (
    LinesHarness,
    failure_of,
    output_and_end,
    split,
    started,
)
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

ABORT_MS = 5_000


@pytest_asyncio.fixture(params=["request_response", "inactivity_0", "asked"])
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LinesHarness]:
    inactivity_ms = 0 if request.param == "inactivity_0" else 1_000
    harness = LinesHarness(
        tmp_path / "data",
        SERVICES,
        clock=ManualClock(),
        settings=RuntimeSettings(inactivity_timeout_ms=inactivity_ms, abort_timeout_ms=ABORT_MS),
        is_bidirectional=request.param != "request_response",
    )
    await harness.start()
    yield harness
    await harness.stop(grace_s=0)


async def asked(harness: LinesHarness, target: str = "Echo/echo") -> str:
    """Start an attempt whose request has ended, and return its invocation."""
    invocation_id, line = await started(harness, target)
    if not line.is_request_ended:
        harness.advance(1_000)
    await harness.until(lambda: line.is_request_ended)
    return invocation_id


async def test_dead_endpoint_fails_the_attempt_and_the_next_one_follows(harness: LinesHarness) -> None:
    invocation_id = await asked(harness)

    harness.advance(ABORT_MS - 1)
    assert harness.status(invocation_id) == "running"
    harness.advance(1)

    await harness.until_status(invocation_id, "backing-off")
    code, text = failure_of(harness, invocation_id)
    assert code == "RT0001"
    assert "nothing for 5000 ms" in text
    assert harness.lines.opened[0].is_disconnected
    harness.advance(60_000)
    await harness.until(lambda: len(harness.lines.opened) == 2)
    harness.lines.opened[1].answer(200, output_and_end(b'"done"'))
    assert await harness.result(invocation_id) == "done"


async def test_response_that_begins_and_goes_no_further_fails_the_attempt(harness: LinesHarness) -> None:
    invocation_id = await asked(harness)

    harness.lines.opened[0].answer(200, b"", is_ended=False)
    harness.advance(ABORT_MS)

    await harness.until_status(invocation_id, "backing-off")
    assert failure_of(harness, invocation_id)[0] == "RT0001"


async def test_each_frame_starts_the_time_anew(harness: LinesHarness) -> None:
    invocation_id = await asked(harness)
    output, end = split(output_and_end(b'"done"'))
    line = harness.lines.opened[0]

    for piece in (output[:9], output[9:]):
        harness.advance(ABORT_MS - 1)
        line.answer(200, piece, is_ended=False)
        await harness.until(lambda: not line._received)
    harness.advance(ABORT_MS - 1)
    assert harness.status(invocation_id) == "running"
    line.answer(200, end)

    assert await harness.result(invocation_id) == "done"


async def test_key_of_a_dead_endpoint_is_free_once_the_policy_gives_up(harness: LinesHarness) -> None:
    first = await asked(harness, "Counter/a/add")
    second = await harness.send("Counter/a/add", 1)
    assert harness.status(second) == "pending"

    harness.advance(ABORT_MS)
    await harness.until_status(first, "backing-off")
    await harness.runtime.kill(first)

    await harness.until_status(second, "running")


async def test_alarm_of_an_attempt_that_ended_in_time_does_nothing(harness: LinesHarness) -> None:
    invocation_id = await asked(harness)

    harness.lines.opened[0].answer(200, output_and_end(b'"done"'))
    assert await harness.result(invocation_id) == "done"
    harness.advance(10 * ABORT_MS)

    assert harness.status(invocation_id) == "completed"
    assert len(harness.lines.opened) == 1


async def test_answer_that_waits_for_its_turn_is_in_time(harness: LinesHarness) -> None:
    invocation_id = await asked(harness)

    harness.lines.opened[0].answer(200, output_and_end(b'"done"'))
    harness.advance(ABORT_MS)  # the answer has arrived, and is not read yet

    assert await harness.result(invocation_id) == "done"
    assert len(harness.lines.opened) == 1
