"""What the watchers of a runtime receive."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from awaken.runtime.events import Event, EventKind
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness, InvocationFailed
from tests.unit.runtime.services import ENTERED, SERVICES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Recorder:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def note(self, event: Event) -> None:
        self.events.append(event)

    @property
    def steps(self) -> list[str]:
        return [event.kind.value for event in self.events]


@asynccontextmanager
async def watched(directory: Path) -> AsyncIterator[tuple[Harness, Recorder]]:
    recorder = Recorder()
    harness = Harness(directory / "data", SERVICES, clock=ManualClock(), observer=recorder)
    await harness.start()
    yield harness, recorder
    await harness.stop()


async def test_call_is_accepted_attempted_and_done(tmp_path: Path) -> None:
    async with watched(tmp_path) as (harness, recorder):
        await harness.call("Echo/echo", "hello")

    assert recorder.steps == ["accepted", "attempt", "succeeded"]
    assert {event.target for event in recorder.events} == {"Echo/echo"}
    assert recorder.events[1].detail == "1"
    assert recorder.events[-1].duration_ms == 0


class Counting(Recorder):
    """Counts attempts, and receives every other event."""

    def __init__(self) -> None:
        super().__init__()
        self.attempts = 0

    def skips(self, kind: EventKind) -> bool:
        self.attempts += kind is EventKind.ATTEMPT
        return kind is EventKind.ATTEMPT


async def test_events_that_are_only_counted_are_not_made(tmp_path: Path) -> None:
    counting = Counting()
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock(), observer=counting)
    await harness.start()
    await harness.call("Echo/echo", "hello")
    await harness.stop()

    assert counting.steps == ["accepted", "succeeded"]
    assert counting.attempts == 1


async def test_suspension_tells_what_is_awaited(tmp_path: Path) -> None:
    async with watched(tmp_path) as (harness, recorder):
        invocation_id = await harness.send("Echo/wait")
        (pending,) = await harness.until_waiting()
        harness.advance(60_000)
        await harness.until_status(invocation_id, "suspended")
        await harness.runtime.resolve_awakeable(pending.awakeable_id, b'"yes"')
        await harness.result(invocation_id)

    assert recorder.steps == ["accepted", "attempt", "suspended", "attempt", "succeeded"]
    assert '"SignalIndex":17' in recorder.events[2].detail.replace(" ", "")
    assert {event.invocation_id for event in recorder.events} == {invocation_id}


async def test_failed_attempt_tells_why_and_when_the_next_one_is(tmp_path: Path) -> None:
    ENTERED.pop("fail_until", None)
    async with watched(tmp_path) as (harness, recorder):
        invocation_id = await harness.send("Failing/fail_until", 2)
        await harness.until_status(invocation_id, "backing-off")
        harness.advance(60_000)
        await harness.result(invocation_id)

    assert recorder.steps == ["accepted", "attempt", "backing off", "attempt", "succeeded"]
    assert "ms: [500" in recorder.events[2].detail
    assert recorder.events[3].detail == "2"


async def test_terminal_error_is_told_with_its_code(tmp_path: Path) -> None:
    async with watched(tmp_path) as (harness, recorder):
        with pytest.raises(InvocationFailed):
            await harness.call("Echo/refuse")

    assert recorder.events[-1].kind is EventKind.FAILED
    assert recorder.events[-1].detail == "[418] teapot"


async def test_at_rest_is_told_apart_from_busy(tmp_path: Path) -> None:
    async with watched(tmp_path) as (harness, _recorder):
        assert harness.runtime.is_at_rest
        sending = asyncio.create_task(harness.send("Echo/wait"))
        await asyncio.sleep(0)
        assert not harness.runtime.is_at_rest
        await sending
        await harness.until_waiting()

        assert harness.runtime.is_at_rest
        assert not harness.runtime.is_idle
