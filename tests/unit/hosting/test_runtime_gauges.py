"""What is read of an embedded runtime when somebody asks: how things stand, and whether it is ready."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from awaken.hosting.runtime_measures import RuntimeMeasures
from awaken.hosting.runtime_readiness import RuntimeReadiness
from awaken.metrics import instruments
from awaken.metrics.metrics import Metrics
from awaken.runtime.errors import StoreError
from awaken.runtime.events import EventKind
from awaken.runtime.query.open_waits import count_waits

from tests.unit.hosting.measured import DAY, HOUR, MINUTE, Measured

if TYPE_CHECKING:
    from pathlib import Path


async def test_waits_count_by_name_and_age(measured: Measured) -> None:
    for name in ("desk", "chair"):
        await measured.send("Desk/approve", name)
    await measured.until_waiting(2)
    measured.advance(30 * MINUTE)
    await measured.send("Desk/ask")
    await measured.until_waiting(3)

    assert await measured.read(instruments.OPEN_WAITS) == {
        ("Desk", "approve", "desk", "1h"): 1,
        ("Desk", "approve", "chair", "1h"): 1,
        ("Desk", "ask", "", "1m"): 1,
    }
    assert await measured.read(instruments.OLDEST_WAIT_AGE) == {("Desk", "approve"): 1800, ("Desk", "ask"): 0}
    assert await measured.read(instruments.OVERDUE_WAITS) == {}


@pytest.mark.parametrize(
    ("age_ms", "shown"),
    [(MINUTE - 1, "1m"), (MINUTE, "1h"), (HOUR, "1d"), (DAY, "7d"), (7 * DAY, "more")],
)
@pytest.mark.parametrize("most_named", [2_000, 0], ids=["one by one", "in SQL"])
async def test_wait_belongs_to_the_smallest_age_it_fits_in(
    measured: Measured, age_ms: int, shown: str, most_named: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("awaken.runtime.query.open_waits.MOST_NAMED", most_named)
    await measured.send("Desk/ask")
    await measured.until_waiting()

    measured.advance(age_ms)

    assert await measured.read(instruments.OPEN_WAITS) == {("Desk", "ask", "", shown): 1}


async def test_scrape_waits_for_new_numbers_when_those_it_has_are_old(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count_slowly(*arguments: Any) -> Any:
        time.sleep(seconds)
        return count_waits(*arguments)

    seconds = 0.2
    monkeypatch.setattr("awaken.runtime.query.standing.count_waits", count_slowly)
    await measured.metrics.refresh()
    assert measured.counted(instruments.STANDING_AGE) == {(): 0}, "there were none before"

    measured.advance(5_000)
    measured.runtime.standing.expire()
    await measured.metrics.refresh()
    assert measured.counted(instruments.STANDING_AGE) == {(): 5}, "they are good enough"

    await asyncio.sleep(2 * seconds)
    measured.advance(2 * MINUTE)
    measured.runtime.standing.expire()
    await measured.metrics.refresh()
    assert measured.counted(instruments.STANDING_AGE) == {(): 0}

    seconds = 1.6  # a million
    measured.advance(2 * MINUTE)
    measured.runtime.standing.expire()
    began = time.monotonic()
    await measured.metrics.refresh()
    assert 0.9 < time.monotonic() - began < 1.5
    began = time.monotonic()
    await measured.metrics.refresh()
    assert time.monotonic() - began < 0.5, "it waits once for each counting"


async def test_expired_wait_is_overdue_while_its_handler_cannot_run(measured: Measured) -> None:
    waiting = await measured.send("Desk/expect", "desk")
    await measured.until_status(waiting, "suspended")

    measured.advance(HOUR + MINUTE)
    await measured.until_status(waiting, "backing-off")

    assert await measured.read(instruments.OVERDUE_WAITS) == {("Desk", "expect", "desk"): 1}
    await measured.runtime.pause(waiting)
    assert await measured.read(instruments.OVERDUE_WAITS) == {("Desk", "expect", "desk"): 1}
    assert (await measured.read(instruments.STORED_INVOCATIONS))["paused",] == 1


async def test_overdue_waits_are_found_among_many(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("awaken.runtime.query.open_waits.MOST_NAMED", 2)
    waiting = await measured.send("Desk/expect", "desk")
    for _ in range(5):
        await measured.send("Desk/ask")
    await measured.until_waiting(6)
    await measured.until_status(waiting, "suspended")

    measured.advance(HOUR + MINUTE)
    await measured.until_status(waiting, "backing-off")

    assert await measured.read(instruments.OVERDUE_WAITS) == {("Desk", "expect", ""): 1}
    assert sum((await measured.read(instruments.OPEN_WAITS)).values()) == 6


async def test_stored_invocations_count_by_status(measured: Measured) -> None:
    await measured.send("Desk/ask")
    await measured.send("Desk/greet", "Ada", delay_ms=HOUR)
    await measured.send("Shop/tea/buy")
    await measured.until_waiting(2)
    await measured.send("Shop/tea/buy")
    failing = await measured.send("Desk/stumble")
    await measured.until_status(failing, "backing-off")
    await measured.call("Desk/greet", "Ada", idempotency_key="once")

    found = await measured.read(instruments.STORED_INVOCATIONS)

    assert {status: count for (status,), count in found.items()} == {
        "scheduled": 1,
        "inboxed": 1,
        "ready": 0,
        "running": 0,
        "backing_off": 1,
        "suspended": 2,
        "paused": 0,
        "completed": 1,
    }


async def test_restart_begins_counters_anew_and_keeps_gauges(measured: Measured, tmp_path: Path) -> None:
    waiting = await measured.send("Desk/ask")
    await measured.until_status(waiting, "suspended")
    await measured.runtime.store.committed()
    measured.runtime.crash()

    again = Measured(tmp_path)
    await again.begin()

    assert again.counted(instruments.ACCEPTED_INVOCATIONS) == {}
    assert await again.read(instruments.OPEN_WAITS) == {("Desk", "ask", "", "1m"): 1}
    await measured.deployments.close()
    measured.runtime, measured.deployments = again.runtime, again.deployments  # to be stopped


def test_deployments_are_shown_after_many_others() -> None:
    metrics = Metrics()
    measures = RuntimeMeasures(metrics)

    for number in range(25):
        deployment = f"dp_{number}"
        reason = "RT0010" if number == 24 else ""
        measures.note_attempt("Desk", "greet", deployment, EventKind.SUCCEEDED, 0.1, reason)
        measures.forget_deployments([deployment])
        metrics.snapshot()

    snapshot = metrics.snapshot()
    assert snapshot[instruments.REACHABLE_DEPLOYMENTS] == {("dp_24",): (0.0,)}
    assert snapshot[instruments.DISPATCHED_ATTEMPTS] == {("Desk", "greet", "dp_24", "succeeded"): (1.0,)}


async def test_runtime_is_ready_between_start_and_stop(tmp_path: Path) -> None:
    one = Measured(tmp_path)
    await one.begin()
    while_running: Any = one.runtime.is_ready

    await one.stop()

    assert (while_running, one.runtime.is_ready) == (True, False)


async def test_runtime_is_not_ready_while_its_disk_refuses_what_it_writes(measured: Measured) -> None:
    readiness = RuntimeReadiness(measured.runtime)
    starting = readiness.unready()
    readiness.open()
    ready = readiness.unready()

    measured.runtime._lose(StoreError("the disk is full"))
    recovering = readiness.unready()
    measured.advance(1_000)

    assert (starting, ready, recovering, readiness.unready()) == ("starting", None, "recovering", None)
    readiness.drain()
    assert readiness.unready() == "draining"
