"""What reads are told when the runtime stops, or crashes in a test, while they wait or run."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from awaken.runtime.errors import RuntimeClosedError
from awaken.runtime.query.errors import QueryError
from awaken.runtime.query.readers import Readers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from awaken.runtime.query.connection import Connection

    from tests.unit.runtime.harness import Harness


class Slow:
    """Work that takes until it may end."""

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self, connection: Connection) -> None:
        self.has_begun.set()
        self.may_end.wait(10)

    async def begin(self, readers: Readers) -> asyncio.Task[None]:
        task = asyncio.ensure_future(readers.run(self))
        await asyncio.to_thread(self.has_begun.wait, 10)
        return task


@pytest.fixture
def readers(harness: Harness) -> Iterator[Readers]:
    made = Readers(harness.runtime.store.path, 1, 10)
    yield made
    made.close()


async def test_a_read_that_waits_for_a_thread_hears_that_the_runtime_stops(readers: Readers) -> None:
    slow = Slow()
    running = await slow.begin(readers)
    waiting = asyncio.ensure_future(readers.run(lambda connection: None))
    await asyncio.sleep(0)

    readers.interrupt()

    with pytest.raises(RuntimeClosedError, match="the runtime is stopping"):
        await waiting
    slow.may_end.set()
    await running


async def test_a_read_that_is_interrupted_hears_that_the_runtime_stops(readers: Readers) -> None:
    slow = Slow()

    def late(connection: Connection) -> None:
        slow(connection)
        raise QueryError("vtable constructor failed: json_each")

    running = asyncio.ensure_future(readers.run(late))
    await asyncio.to_thread(slow.has_begun.wait, 10)
    readers.interrupt()
    slow.may_end.set()

    with pytest.raises(RuntimeClosedError, match="the runtime is stopping"):
        await running


async def test_a_read_that_its_caller_cancels_is_cancelled(readers: Readers) -> None:
    slow = Slow()
    running = await slow.begin(readers)

    readers.interrupt()
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    slow.may_end.set()
