"""Journals of very many entries: attempts begin with them slice by slice, as fast as the endpoint takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from awaken import _core
from awaken.testing.manual_clock import ManualClock

from tests.frames import blob, frame
from tests.unit.runtime.harness import awakeable_of
from tests.unit.runtime.invoker.test_attempt import LinesHarness, failure_of, output_and_end, started
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

    from tests.unit.runtime.invoker.test_attempt import Line

SET_STATE = frame(0x0403, blob(1, b"k") + blob(3, blob(1, b"1")))
#: Several slices.
MANY = 5_000


@pytest_asyncio.fixture(params=[True, False], ids=["bidi", "request_response"])
async def harness(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LinesHarness]:
    harness = LinesHarness(
        tmp_path / "data", SERVICES, clock=ManualClock(), is_bidirectional=bool(request.param)
    )
    await harness.start()
    yield harness
    await harness.stop(grace_s=0)


async def lost(harness: LinesHarness, sent: bytes = SET_STATE * MANY) -> str:
    """Start an invocation whose first attempt is lost after it has recorded what it sent."""
    invocation_id, line = await started(harness, "Counter/a/add", 1)
    line.answer(200, sent, is_ended=False)
    line.break_off("lost")
    await harness.until_status(invocation_id, "backing-off")
    return invocation_id


async def retried(harness: LinesHarness) -> Line:
    """Begin the next attempt, and return its line."""
    before = len(harness.lines.opened)
    harness.advance(60_000)
    await harness.until(lambda: len(harness.lines.opened) > before)
    return harness.lines.opened[-1]


def names(line: Line) -> list[str]:
    decoder = _core.Decoder()
    decoder.receive(line.sent)
    found = []
    while (message := decoder.take_message()) is not None:
        found.append(message.name)
    return found


async def test_whole_journal_is_sent_and_others_run_meanwhile(harness: LinesHarness) -> None:
    invocation_id = await lost(harness)
    line = await retried(harness)
    sizes = [len(line.sent)]

    for _ in range(3):
        other, answered = await started(harness)
        answered.answer(200, output_and_end(b'"done"'))
        assert await harness.result(other) == "done"
        sizes.append(len(line.sent))

    await harness.until(lambda: len(line.sent) > len(SET_STATE) * MANY)
    assert sizes[0] < len(SET_STATE) * MANY / 2
    assert names(line) == ["Start", "Input", *["SetState"] * MANY]
    assert line.is_request_ended is not harness.is_bidirectional
    line.answer(200, output_and_end(b"7"))
    assert await harness.result(invocation_id) == 7


async def test_replay_waits_for_credit(harness: LinesHarness) -> None:
    value = frame(0x0403, blob(1, b"k") + blob(3, blob(1, bytes(100_000))))
    await lost(harness, value * 100)
    harness.lines.credit = 100_000
    line = await retried(harness)
    for _ in range(50):
        await harness.until(lambda: not line.credit)
        assert len(line.sent) % 100_000 == 0
        assert not line.is_request_ended
        line.give_credit(100_000)

    line.give_credit(100_000_000)

    await harness.until(lambda: len(line.sent) > len(value) * 100)
    assert names(line) == ["Start", "Input", *["SetState"] * 100]


async def test_what_is_recorded_during_a_replay_comes_after_it_and_once(harness: LinesHarness) -> None:
    invocation_id = await lost(harness)
    harness.lines.credit = 0
    line = await retried(harness)
    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"later"')
    assert not line.sent

    line.give_credit(100_000_000)
    await harness.until(lambda: len(line.sent) > len(SET_STATE) * MANY)

    # Over request/response, the next attempt has it: the input of this one has ended.
    signals = ["Signal"] if harness.is_bidirectional else []
    await harness.until(lambda: names(line) == ["Start", "Input", *["SetState"] * MANY, *signals])


async def test_error_before_the_journal_is_complete_ends_the_replay(harness: LinesHarness) -> None:
    invocation_id = await lost(harness)
    harness.lines.credit = 1_000
    line = await retried(harness)

    line.answer(503, b"too busy")

    await harness.until_status(invocation_id, "backing-off")
    assert failure_of(harness, invocation_id)[0] == "RT0023"
    line = await retried(harness)
    line.give_credit(100_000_000)
    await harness.until(lambda: len(line.sent) > len(SET_STATE) * MANY)


async def test_invocation_that_is_killed_during_its_replay_is_gone(harness: LinesHarness) -> None:
    invocation_id = await lost(harness)
    harness.lines.credit = 1_000
    line = await retried(harness)

    await harness.runtime.kill(invocation_id)
    line.give_credit(100_000_000)

    other, answered = await started(harness, "Counter/a/add", 1)
    answered.answer(200, output_and_end(b"1"))
    assert await harness.result(other) == 1
    assert len(line.sent) < len(SET_STATE) * MANY
