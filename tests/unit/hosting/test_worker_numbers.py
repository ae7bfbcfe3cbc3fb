"""The port of the numbers of all workers: what it says when workers hang, whose memory it reads."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from awaken.hosting.readiness import Readiness
from awaken.metrics import instruments
from awaken.metrics.metrics import Metrics
from awaken.metrics.shared_cells import SharedCells
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no workers")

#: Seconds without a turn after which a worker hangs, and a pause beyond.
LONGEST = 0.6
PAUSE = 0.9


def turn(cells: SharedCells) -> None:
    """Do what a worker does once a second."""
    cells.note_turn()
    cells.publish({instruments.READY: {(): (1.0,)}})


@asynccontextmanager
async def shown(
    workers: list[SharedCells], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    from awaken.hosting.worker_numbers import WorkerNumbers

    memories = iter(workers)
    monkeypatch.setattr(
        "awaken.hosting.worker_numbers.SharedCells",
        lambda *size: SharedCells(*size) if size else next(memories),
    )
    port = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{port.getsockname()[1]}"
    numbers = WorkerNumbers(Metrics(), Readiness(), len(workers), port, longest_turn=LONGEST)
    ends: list[asyncio.Event] = []
    showing = asyncio.create_task(numbers.show(ends.append))
    try:
        async with httpx.AsyncClient(base_url=url) as client:
            yield client
    finally:
        ends[0].set()
        await showing  # the parent of this process is not the one that made the numbers


async def probe(client: httpx.AsyncClient) -> tuple[tuple[int, str], tuple[int, str]]:
    """Return what `/health` and `/ready` say."""
    health, ready = await client.get("/health"), await client.get("/ready")
    return (health.status_code, health.json()["status"]), (ready.status_code, ready.json()["status"])


async def number(client: httpx.AsyncClient, name: str) -> float:
    text = (await client.get("/metrics")).text
    (family,) = [one for one in text_string_to_metric_families(text) if one.name == name]
    return family.samples[0].value


async def test_endpoint_whose_workers_all_hang_is_neither_healthy_nor_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = workers = [SharedCells(), SharedCells()]
    for cells in workers:
        cells.pid = os.getpid()

    async with shown(workers, monkeypatch) as client:
        await client.get("/health")  # the first request takes longer
        for cells in workers:
            turn(cells)
        assert await probe(client) == ((200, "ok"), (200, "ready"))
        assert await number(client, "awaken_event_loop_age_seconds") < LONGEST

        await asyncio.sleep(PAUSE)
        turn(second)
        assert await probe(client) == ((200, "ok"), (200, "ready")), "one of them serves"
        assert await number(client, "awaken_event_loop_age_seconds") >= PAUSE, "the one that is behind most"

        await asyncio.sleep(PAUSE)
        assert await probe(client) == ((503, "stuck"), (503, "stuck"))
        assert await number(client, "awaken_ready") == 0
        assert await number(client, "awaken_workers") == 2

        turn(first)
        assert await probe(client) == ((200, "ok"), (200, "ready")), "it comes round again"


async def test_workers_that_are_being_replaced_do_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = SharedCells()
    dead.pid = os.getpid()
    turn(dead)

    async with shown([dead], monkeypatch) as client:
        dead.release()
        await asyncio.sleep(PAUSE)

        assert await probe(client) == ((200, "ok"), (503, "starting"))


async def test_process_whose_parent_died_before_it_began_ends() -> None:
    from awaken.hosting.worker_numbers import WorkerNumbers

    port = socket.create_server(("127.0.0.1", 0))
    numbers = WorkerNumbers(Metrics(), Readiness(), 1, port)

    # The parent of this process is not the one that made the numbers, as if that had died meanwhile.
    async with asyncio.timeout(10):
        await numbers.show(lambda draining: draining.set())

    assert port.fileno() == -1, "the port is given back"
