from __future__ import annotations

import asyncio
import time

from awaken.runtime.clock import SystemClock


async def test_rings_when_it_is_time_and_never_early() -> None:
    clock = SystemClock()
    rung = asyncio.get_running_loop().create_future()
    due_ms = clock.now_ms() + 20

    clock.call_at(due_ms, lambda: rung.set_result(clock.now_ms()))

    assert await rung >= due_ms


async def test_what_is_past_rings_soon_but_not_at_once() -> None:
    clock = SystemClock()
    rung: list[int] = []

    clock.call_at(0, lambda: rung.append(1))

    assert rung == []
    while not rung:
        await asyncio.sleep(0)


async def test_cancelled_alarm_does_not_ring() -> None:
    clock = SystemClock()
    rung: list[str] = []
    clock.call_at(0, lambda: rung.append("cancelled")).cancel()
    clock.call_at(0, lambda: rung.append("other"))

    while not rung:
        await asyncio.sleep(0)

    assert rung == ["other"]


def test_clock_on_the_wall() -> None:
    clock = SystemClock()

    assert abs(clock.now_ms() - time.time() * 1000) < 60_000
    assert clock.from_wall(123) == 123
