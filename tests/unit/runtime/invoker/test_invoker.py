"""Where an attempt runs, by which version, and what it starts with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from awaken.control.errors import ConflictError, InvalidRequestError
from awaken.runtime.settings import RuntimeSettings
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import URI, Harness
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from pathlib import Path


async def test_invocation_stays_on_its_deployment(harness: Harness) -> None:
    napping = await harness.send("Echo/nap", 1000)
    await harness.until(lambda: harness.rows("SELECT 1 FROM timer") != [])
    first = harness.deployments.records()[0].deployment_id

    second = (await harness.deployments.register(f"{URI}v2")).record.deployment_id
    harness.runtime.crash()
    await harness.start()
    waiting = await harness.send("Echo/nap", 1000)
    await harness.until(lambda: len(harness.rows("SELECT 1 FROM timer")) == 2)

    assert harness.rows("SELECT deployment_id FROM invocation WHERE id = ?", napping) == [(first,)]
    assert harness.rows("SELECT deployment_id FROM invocation WHERE id = ?", waiting) == [(second,)]
    harness.advance(1000)
    assert await harness.result(napping) == await harness.result(waiting) == "rested"


async def test_paused_invocation_moves_to_another_deployment(harness: Harness) -> None:
    napping = await harness.send("Echo/nap", 1000)
    await harness.until(lambda: harness.rows("SELECT 1 FROM timer") != [])
    first = harness.deployments.records()[0].deployment_id
    second = (await harness.deployments.register(f"{URI}v2")).record.deployment_id
    with pytest.raises(ConflictError, match="still running"):
        await harness.runtime.resume(napping, "latest")
    await harness.runtime.pause(napping)
    await harness.until_status(napping, "paused")
    await harness.deployments.remove(first)

    with pytest.raises(InvalidRequestError, match="The given deployment was not found"):
        await harness.runtime.resume(napping, "dp_unknown")
    await harness.runtime.resume(napping, "latest")

    harness.advance(1000)
    assert await harness.result(napping) == "rested"
    assert harness.rows("SELECT deployment_id FROM invocation WHERE id = ?", napping) == [(second,)]


async def test_invocation_without_a_deployment_backs_off_until_there_is_one(harness: Harness) -> None:
    scheduled = await harness.send("Echo/echo", "x", delay_ms=1000)
    await harness.deployments.remove(harness.deployments.records()[0].deployment_id)

    harness.advance(1000)
    await harness.until_status(scheduled, "backing-off")
    assert "not registered" in (harness.runtime.invocation(scheduled).last_failure or "")
    await harness.deployments.register(URI)
    harness.advance(1000)

    assert await harness.result(scheduled) == "x"


@pytest.mark.parametrize(("asked", "spoken"), [(None, 7), (7, 7), (6, 6), (5, 5), (4, 5)])
async def test_version_is_the_newest_that_both_speak(tmp_path: Path, asked: int | None, spoken: int) -> None:
    settings = RuntimeSettings(max_protocol_version=asked)
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock(), settings=settings)
    await harness.start()

    await harness.call("Echo/echo", "x")

    assert harness.rows("SELECT protocol_version FROM invocation") == [(spoken,)]
    await harness.stop()


async def test_large_state_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    settings = RuntimeSettings(max_eager_state_size=10)
    harness = Harness(tmp_path / "data", SERVICES, clock=ManualClock(), settings=settings)
    await harness.start()
    await harness.call("Counter/k/add", 1_000_000_000)

    assert await harness.call("Counter/k/total") == 1_000_000_000

    ((code,),) = harness.rows(
        "SELECT code FROM journal JOIN invocation ON seq = invocation WHERE handler = 'total' AND idx = 1"
    )
    assert code == 0x0402, "a lazy read"
    await harness.stop()
