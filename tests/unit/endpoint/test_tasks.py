"""asyncio keeps tasks and futures in sets; those of a handler come out of them in an order that replays."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import awaken
import awaken.errors
import pytest
from awaken.diagnostics import development

from tests import frames
from tests.unit.endpoint.fakes import Call

SECOND = timedelta(seconds=1)
MANY = 30
LINES = Path(__file__).read_text().splitlines()


async def names_of_sleeps(handler: Any, *journal: bytes) -> tuple[Call, list[bytes]]:
    service = awaken.VirtualObject("S")
    service.handler(name="h")(handler)
    call = Call(service, "h")
    call.send(frames.request(b"", *journal, key="k"))
    await call.settle()
    sleeps = [frame for frame in frames.read(call.exchange.body) if frame.name == "Sleep"]
    return call, [bytes(frames.fields(sleep.payload)[12]) for sleep in sleeps]


async def sleep(ctx: awaken.Context, number: int) -> int:
    garbage = [object() for _ in range(number)]  # coroutines at other addresses
    await ctx.sleep(SECOND, name=str(number))
    return len(garbage)


async def test_as_completed_starts_coroutines_in_the_order_given() -> None:
    async def handler(ctx: awaken.Context) -> None:
        for first in asyncio.as_completed([sleep(ctx, number) for number in range(MANY)]):
            await first

    _, names = await names_of_sleeps(handler)
    assert names == [b"%d" % number for number in range(MANY)]


async def test_as_completed_takes_all_kinds_of_awaitables_together() -> None:
    class Sleeper:
        def __init__(self, ctx: awaken.Context, number: int) -> None:
            self._sleep = ctx, number

        def __await__(self) -> Any:
            return sleep(*self._sleep).__await__()

    async def handler(ctx: awaken.Context) -> int:
        first = sleep(ctx, 0)
        given: list[Any] = [
            first,
            ctx.sleep(SECOND, name="now"),
            Sleeper(ctx, 1),
            sleep(ctx, 2),
            Sleeper(ctx, 3),
            first,
        ]
        return len([await one for one in asyncio.as_completed(given)])

    call, names = await names_of_sleeps(handler)
    assert names == [b"now", b"0", b"1", b"2", b"3"]
    call.send(*(frames.sleep_completion(number) for number in range(1, 6)))
    await call.until_ended()
    assert frames.fields(frames.read(call.exchange.body)[-2].payload)[14] == frames.value(b"5")


async def test_as_completed_over_coroutines_without_order_names_the_line() -> None:
    async def handler(ctx: awaken.Context) -> str:
        try:
            for first in asyncio.as_completed({sleep(ctx, 0)}):  # here
                await first
        except awaken.errors.LocalProtocolError as error:
            return str(error)
        return "accepted"

    with development.enabled():
        call, _ = await names_of_sleeps(handler)
    line = LINES.index(next(line for line in LINES if line.endswith("# here"))) + 1
    assert f"{Path(__file__).name}:{line} got coroutines in a set".encode() in call.exchange.body


@pytest.mark.parametrize("garbage", range(3))
async def test_set_of_tasks_and_durable_futures_iterates_in_an_order_that_repeats(garbage: int) -> None:
    orders: list[list[int]] = []
    kept = []

    async def handler(ctx: awaken.Context) -> None:
        kept.append([object() for _ in range(garbage)])
        members: list[Any] = [asyncio.create_task(sleep(ctx, number)) for number in range(MANY)]
        members += [ctx.awakeable() for _ in range(MANY)]
        members += [ctx.awakeable().future for _ in range(MANY)]
        orders.append([members.index(member) for member in set(members)])
        await asyncio.wait(members[:MANY])

    for _ in range(5):
        await names_of_sleeps(handler)
        kept.append([object() for _ in range(100)])
    assert len(orders) == 5
    assert all(order == orders[0] for order in orders)


async def test_polling_task_gets_its_results_all_the_same() -> None:
    async def handler(ctx: awaken.Context) -> str:
        task = asyncio.create_task(sleep(ctx, 0))
        while not task.done():
            await asyncio.sleep(0)
        return "done"

    call, _ = await names_of_sleeps(handler)
    call.send(frames.sleep_completion(1))
    await call.until_ended()
    assert b'"done"' in call.exchange.body


@pytest.mark.parametrize("is_told_at_once", [True, False])
async def test_next_result_waits_until_the_handler_has_done_what_it_does(is_told_at_once: bool) -> None:
    async def helper(ctx: awaken.ObjectContext, future: Any) -> None:
        ctx.set("helper", await future)

    async def handler(ctx: awaken.ObjectContext) -> None:
        task = asyncio.create_task(helper(ctx, ctx.awakeable().future))
        await ctx.sleep(SECOND, name="first")
        for _ in range(50):
            await asyncio.sleep(0)
        ctx.set("main", 1)
        await task

    call, _ = await names_of_sleeps(handler)
    results = frames.sleep_completion(1), frames.signal(17, b"1")
    if is_told_at_once:
        call.send(*results)
    else:
        for result in results:
            call.send(result)
            await call.settle()
    await call.until_ended()
    keys = [
        frames.fields(frame.payload)[1]
        for frame in frames.read(call.exchange.body)
        if frame.name == "SetState"
    ]
    assert keys == [b"main", b"helper"]


async def test_names_of_tasks_repeat_in_every_attempt() -> None:
    def name() -> str:
        task = asyncio.current_task()
        assert task is not None
        return task.get_name()

    async def named() -> str:
        return name()

    service = awaken.Service("S")

    @service.handler()
    async def h(ctx: awaken.Context) -> list[str]:
        tasks = [asyncio.create_task(named()), asyncio.create_task(named(), name="mine")]
        return [name(), *await asyncio.gather(*tasks, named())]

    for _ in range(2):
        call = Call(service, "h")
        call.send(frames.request())
        await call.until_ended()
        assert b'["S/h", "S/h 1", "mine", "S/h 3"]' in call.exchange.body
