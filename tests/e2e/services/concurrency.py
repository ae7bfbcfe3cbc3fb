"""Ordinary asyncio over durable futures."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import awaken as restate
from awaken import RetryableError

from tests.e2e.services.outside import count, record

concurrency = restate.Service("Concurrency")

BRIEFLY = timedelta(milliseconds=20)
LONG = timedelta(days=1)
#: Executions of `Concurrency/race` after which it succeeds.
REPLAYS = 3


def double(number: int) -> int:
    return 2 * number


@concurrency.handler()
async def gather(ctx: restate.Context) -> list[Any]:
    """Gather an action and a sleep."""
    doubled, _ = await asyncio.gather(ctx.run_typed("double", double, number=1), ctx.sleep(BRIEFLY))
    return [doubled]


@concurrency.handler()
async def task_group(ctx: restate.Context) -> list[int]:
    """Use durable futures in several tasks."""

    async def part(number: int) -> int:
        await ctx.sleep(BRIEFLY)
        return await ctx.run_typed(f"double {number}", double, number=number)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(part(number)) for number in range(3)]
    return [task.result() for task in tasks]


@concurrency.handler()
async def wait_first(ctx: restate.Context, effects: str) -> str:
    """Wait for the first of an awakeable and a long sleep."""
    id_, future = ctx.awakeable(type_hint=str)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)

    async def answer() -> str:
        return str(await future)

    async def timeout() -> str:
        await ctx.sleep(LONG)
        return "too late"

    tasks = [asyncio.create_task(answer()), asyncio.create_task(timeout())]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return done.pop().result()


@concurrency.handler()
async def timed_select(ctx: restate.Context, effects: str) -> str:
    """Wait for an awakeable with a timeout."""
    id_, future = ctx.awakeable(type_hint=str)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=id_)
    match await restate.select(answer=future, timeout=ctx.sleep(BRIEFLY)):
        case ["answer", answer]:
            return str(answer)
        case _:
            return "too late"


@concurrency.handler()
async def race(ctx: restate.Context, effects: str) -> list[str]:
    """Record the order in which tasks receive their results, in each execution."""
    order: list[str] = []
    ids = []

    async def watch(name: str, future: restate.RestateDurableFuture[Any]) -> None:
        await future
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for name in "abc":
            id_, future = ctx.awakeable()
            ids.append(id_)
            group.create_task(watch(name, future))
        await ctx.run_typed("hand out", record, path=effects, word="ids", value=" ".join(ids))
    record(effects, "order", "".join(order))
    if count(effects, "order") < REPLAYS:
        raise RetryableError("once more", retry_after=BRIEFLY)
    return order


@concurrency.handler()
async def every_way(ctx: restate.Context, effects: str) -> list[str]:
    """Wait in every way that asyncio has; the order must be the same in each execution."""
    order: list[str] = []

    async def part(name: str, seconds: float = 0.01) -> str:
        await ctx.sleep(timedelta(seconds=seconds), name=name)
        order.append(name)
        return await ctx.run_typed(f"say {name}", say, word=name)

    for first in asyncio.as_completed([part(f"completed {number}") for number in range(4)]):
        await first
    await asyncio.gather(*(part(f"gathered {number}") for number in range(4)))
    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(part(f"grouped {number}"))
    await asyncio.wait_for(part("waited for"), None)
    await asyncio.shield(asyncio.create_task(part("shielded")))
    tasks = [asyncio.create_task(part(f"raced {number}", number * 3600)) for number in range(3)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    order.append(f"{len(done)} done, {len(pending)} pending")
    record(effects, "order", ", ".join(order))
    if count(effects, "order") < REPLAYS:
        raise RetryableError("once more", retry_after=BRIEFLY)
    return order


def say(word: str) -> str:
    return word


@concurrency.handler()
async def deadline(ctx: restate.Context, effects: str) -> list[str]:
    """Wait for an awakeable with a short timeout, then await it again."""
    awakeable = ctx.awakeable(type_hint=str)
    outcomes = []
    try:
        outcomes.append(await awakeable.result(timeout=BRIEFLY))
    except TimeoutError as error:
        outcomes.append(type(error).__name__)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=awakeable.id)
    outcomes.append(await awakeable.result(timeout=LONG))
    return outcomes


@concurrency.handler()
async def bounded_block(ctx: restate.Context) -> str:
    """Limit the time of two tasks that would wait forever, inside a block that has more time."""
    async with ctx.timeout(LONG):
        try:
            async with ctx.timeout(BRIEFLY), asyncio.TaskGroup() as group:
                for _ in range(2):
                    group.create_task(answer_of(ctx.awakeable(type_hint=str)))
        except TimeoutError:
            return await ctx.run_typed("too late", say, word="too late")
    return "in time"


async def answer_of(awakeable: restate.Awakeable[str]) -> str:
    return await awakeable


@concurrency.handler()
async def uncaught_deadline(ctx: restate.Context) -> str:
    """Let a deadline pass."""
    return await ctx.awakeable(type_hint=str).result(timeout=BRIEFLY)


@concurrency.handler()
async def failing_group(ctx: restate.Context) -> None:
    """Fail in a task of a group while another one waits."""

    async def fail() -> None:
        await ctx.sleep(BRIEFLY)
        raise restate.TerminalError("declined", 418)

    async with asyncio.TaskGroup() as group:
        group.create_task(answer_of(ctx.awakeable(type_hint=str)))
        group.create_task(fail())


@concurrency.handler()
async def stubborn(ctx: restate.Context, effects: str) -> str:
    """Swallow the end of an attempt and continue; the runtime never learns of what follows."""
    awakeable = ctx.awakeable(type_hint=str)
    await ctx.run_typed("hand out", record, path=effects, word="id", value=awakeable.id)
    try:
        return await awakeable
    except BaseException:
        record(effects, "hidden")
    return await ctx.run_typed("go on", say, word="went on")
