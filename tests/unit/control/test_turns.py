"""Messages of many streams, written a few at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from awaken.control.turns import Turns

from tests.unit.transports.receivers import wait_until

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


class Stream:
    """A call whose peer reads when a test says so."""

    def __init__(self) -> None:
        self.begun: list[Any] = []
        self.reads = asyncio.Event()

    async def write(self, message: Any) -> None:
        self.begun.append(message)
        await self.reads.wait()


async def test_few_messages_are_written_at_a_time_in_the_order_in_which_they_come() -> None:
    turns, stream = Turns(turns=3, patience_s=60), Stream()
    context = cast("ServicerContext[Any, Any]", stream)
    writes = [asyncio.create_task(turns.write(context, number)) for number in range(10)]
    await wait_until(lambda: len(stream.begun) == 3)
    for _ in range(10):
        await asyncio.sleep(0)
    assert stream.begun == [0, 1, 2]

    stream.reads.set()

    await asyncio.gather(*writes)
    assert stream.begun == list(range(10))


async def test_a_peer_that_reads_nothing_keeps_no_one_back() -> None:
    turns, stalled, other = Turns(turns=2, patience_s=0.01), Stream(), Stream()
    other.reads.set()
    stuck = [
        asyncio.create_task(turns.write(cast("ServicerContext[Any, Any]", stalled), number))
        for number in range(20)
    ]
    await wait_until(lambda: bool(stalled.begun))

    await turns.write(cast("ServicerContext[Any, Any]", other), "through")

    assert other.begun == ["through"]
    for task in stuck:
        task.cancel()
    await asyncio.wait(stuck)
    await turns.write(cast("ServicerContext[Any, Any]", other), "again")
