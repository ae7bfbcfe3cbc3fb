"""Gauges that ask a database, for a meter of OpenTelemetry."""

from __future__ import annotations

import asyncio

from awaken.hosting.process_numbers import ProcessNumbers
from awaken.hosting.readiness import Readiness
from awaken.metrics import opentelemetry
from awaken.metrics.metrics import Metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader


async def test_a_meter_has_them_brought_up_to_date_until_the_end() -> None:
    metrics, refreshed = Metrics(), asyncio.Semaphore(0)
    provider = MeterProvider([InMemoryMetricReader()])
    opentelemetry.export(metrics, "1.0", provider)

    async def refresh() -> None:
        refreshed.release()

    metrics.refresh_with(refresh)
    numbers = ProcessNumbers(metrics, Readiness(), refresh_interval=0.001)
    await numbers.start()
    async with asyncio.timeout(10):
        await refreshed.acquire()
        await refreshed.acquire()
    await numbers.stop()

    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]
    assert not any("ProcessNumbers" in name for name in names)
    provider.shutdown()


async def test_nobody_asks_without_a_meter() -> None:
    metrics, asked = Metrics(), []

    async def refresh() -> None:
        asked.append(1)

    metrics.refresh_with(refresh)
    numbers = ProcessNumbers(metrics, Readiness(), refresh_interval=0.0)
    await numbers.start()
    for _ in range(5):
        await asyncio.sleep(0)
    await numbers.stop()

    assert asked == []
