from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.runtime.settings import RuntimeSettings
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import Harness, InvocationFailed, awakeable_of
from tests.unit.runtime.services import ENTERED, SERVICES

if TYPE_CHECKING:
    from pathlib import Path


async def test_inactive_attempt_suspends_and_is_nothing_but_rows(harness: Harness) -> None:
    invocation_id = await harness.send("Impatient/a/wait")
    await harness.until_waiting()

    harness.advance(999)
    assert harness.status(invocation_id) == "running"
    harness.advance(1)
    await harness.until_status(invocation_id, "suspended")
    await harness.until(lambda: harness.runtime.is_idle)
    (pending,) = harness.runtime.pending_awakeables()
    assert (pending.awakeable_id, str(pending.target)) == (awakeable_of(invocation_id), "Impatient/a/wait")

    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"awake"')
    assert await harness.result(invocation_id) == "awake"
    assert not harness.runtime.pending_awakeables()


async def test_suspended_invocation_goes_on_only_for_what_it_awaits(harness: Harness) -> None:
    invocation_id = await harness.send("Impatient/a/either")
    await harness.until_waiting()
    harness.advance(1000)
    await harness.until_status(invocation_id, "suspended")

    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id, 18), b'"second"')
    assert harness.status(invocation_id) == "suspended"
    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id, 17), b'"first, "')

    assert await harness.result(invocation_id) == "first, second"


async def test_silent_handler_is_cut_off(harness: Harness) -> None:
    ENTERED.clear()
    invocation_id = await harness.send("Impatient/a/hang")
    await harness.until(lambda: ENTERED["hang"] == 1)

    harness.advance(1000)
    assert harness.status(invocation_id) == "running"
    harness.advance(2000)
    await harness.until_status(invocation_id, "backing-off")

    (row,) = harness.rows("SELECT last_failure_code FROM invocation WHERE id = ?", invocation_id)
    assert row == ("RT0001",)
    await harness.runtime.kill(invocation_id)


async def test_cancelling_a_suspended_one_wakes_it(harness: Harness) -> None:
    invocation_id = await harness.send("Impatient/a/wait")
    await harness.until_waiting()
    harness.advance(1000)
    await harness.until_status(invocation_id, "suspended")

    await harness.runtime.cancel(invocation_id)

    with pytest.raises(InvocationFailed, match="cancelled"):
        await harness.result(invocation_id)


@pytest.mark.parametrize("version", [5, 6, 7])
async def test_request_response_suspends_at_once(tmp_path: Path, version: int) -> None:
    settings = RuntimeSettings(max_protocol_version=version)
    harness = Harness(
        tmp_path / "data", SERVICES, clock=ManualClock(), settings=settings, is_bidirectional=False
    )
    await harness.start()

    assert await harness.call("Echo/runs", 3) == [0, 1, 2]
    assert await harness.call("Echo/call_echo", "x") == "x"
    invocation_id = await harness.send("Impatient/a/either")
    await harness.until_status(invocation_id, "suspended")
    assert harness.rows("SELECT protocol_version FROM invocation WHERE id = ?", invocation_id) == [(None,)]
    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id, 18), b'"second"')
    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id, 17), b'"first, "')
    assert await harness.result(invocation_id) == "first, second"
    await harness.stop()


async def test_stop_suspends_and_start_goes_on(harness: Harness) -> None:
    waiting = await harness.send("Echo/wait")
    napping = await harness.send("Echo/nap", 60_000)
    await harness.until_waiting()
    await harness.until(lambda: harness.rows("SELECT 1 FROM timer") != [])

    await harness.stop()
    await harness.start()

    assert harness.status(waiting) == "suspended"
    harness.advance(60_000)
    assert await harness.result(napping) == "rested"
    await harness.runtime.resolve_awakeable(awakeable_of(waiting), b'"yes"')
    assert await harness.result(waiting) == "yes"
