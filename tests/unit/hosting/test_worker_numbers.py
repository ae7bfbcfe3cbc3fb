"""The process that shows the numbers of workers."""

from __future__ import annotations

import asyncio
import socket
import sys

import pytest
from awaken.hosting.readiness import Readiness
from awaken.metrics.metrics import Metrics

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no workers")


async def test_process_whose_parent_died_before_it_began_ends() -> None:
    from awaken.hosting.worker_numbers import WorkerNumbers

    port = socket.create_server(("127.0.0.1", 0))
    numbers = WorkerNumbers(Metrics(), Readiness(), 1, port)

    # The parent of this process is not the one that made the numbers, as if that had died meanwhile.
    async with asyncio.timeout(10):
        await numbers._show(lambda draining: draining.set())

    assert port.fileno() == -1, "the port is given back"
