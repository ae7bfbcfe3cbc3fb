"""Signals to invocations that are suspended: which ones continue them, and what very many of them cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from awaken import _core
from awaken.testing.manual_clock import ManualClock

from tests.unit.runtime.harness import awakeable_of
from tests.unit.runtime.invoker.test_attempt import (
    LinesHarness,
    output_and_end,
    started,
    suspension_on_17,
)
from tests.unit.runtime.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

#: An index that no SDK awaits.
OTHER = 5


@pytest_asyncio.fixture
async def harness(tmp_path: Path) -> AsyncIterator[LinesHarness]:
    harness = LinesHarness(tmp_path / "data", SERVICES, clock=ManualClock())
    await harness.start()
    yield harness
    await harness.stop(grace_s=0)


async def suspended(harness: LinesHarness) -> str:
    invocation_id, line = await started(harness, "Echo/wait", None)
    line.answer(200, suspension_on_17())
    await harness.until_status(invocation_id, "suspended")
    return invocation_id


def send(harness: LinesHarness, invocation_id: str, signal: int | str) -> None:
    """Deliver a signal as a handler's SendSignal does."""
    harness.runtime._processor.commands._signals.send(invocation_id, signal, None)


async def test_ten_thousand_signals_that_nobody_awaits_are_each_looked_at_once(
    harness: LinesHarness,
) -> None:
    invocation_id = await suspended(harness)
    reads: list[str] = []
    harness.runtime.store._connection.set_trace_callback(reads.append)

    for _ in range(10_000):
        send(harness, invocation_id, OTHER)

    harness.runtime.store._connection.set_trace_callback(None)
    assert sum("code >= " in read for read in reads) == 1
    assert harness.status(invocation_id) == "suspended"
    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"x"')
    assert harness.status(invocation_id) == "running"


async def test_what_was_taken_back_does_not_count(harness: LinesHarness) -> None:
    invocation_id = await suspended(harness)
    send(harness, invocation_id, OTHER)
    store = harness.runtime.store

    try:
        with store.atomic():
            send(harness, invocation_id, OTHER)
            send(harness, invocation_id, 17)
            assert harness.status(invocation_id) == "running"
            raise LookupError
    except LookupError:
        pass

    assert harness.status(invocation_id) == "suspended"
    send(harness, invocation_id, "a name")
    assert harness.status(invocation_id) == "suspended"
    send(harness, invocation_id, 17)
    assert harness.status(invocation_id) == "running"


async def test_next_suspension_begins_anew(harness: LinesHarness) -> None:
    invocation_id = await suspended(harness)
    send(harness, invocation_id, OTHER)
    await harness.runtime.resolve_awakeable(awakeable_of(invocation_id), b'"x"')
    await harness.until(lambda: len(harness.lines.opened) == 2)
    machine = _core.EndpointMachine(7)
    machine.receive(harness.lines.opened[1].sent)

    harness.lines.opened[1].answer(200, suspension_on_17())
    await harness.until_status(invocation_id, "suspended")

    for _ in range(3):
        send(harness, invocation_id, OTHER)
    assert harness.status(invocation_id) == "suspended"
    await harness.runtime.cancel(invocation_id)
    await harness.until(lambda: len(harness.lines.opened) == 3)
    harness.lines.opened[2].answer(200, output_and_end(b'"done"'))
    assert await harness.result(invocation_id) == "done"
