"""An attempt that is over is gone, with its journal and its exchange, without waiting for the garbage collector."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from tests.unit.runtime.harness import Harness, awakeable_of
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("ending", ["answered", "killed", "paused"])
async def test_attempt_lets_go(tmp_path: Path, ending: str) -> None:
    harness = Harness(tmp_path / "data", SERVICES)
    await harness.start()
    invocation_id = await harness.send("Echo/wait")
    await harness.until_waiting()
    (attempt,) = harness.runtime._processor.open_attempts
    released = weakref.ref(attempt)
    del attempt

    if ending == "answered":
        await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"resolved"')
        assert await harness.result(invocation_id) == "resolved"
    elif ending == "killed":
        await harness.runtime.kill(invocation_id)
    else:
        await harness.runtime.pause(invocation_id)
        await harness.until_status(invocation_id, "paused")

    async with asyncio.timeout(5):
        while released() is not None:
            await asyncio.sleep(0.002)
    await harness.stop()
