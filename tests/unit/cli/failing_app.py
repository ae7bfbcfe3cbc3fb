"""Handlers that fail in common ways, for tests of the errors that are shown."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

ONCE = awaken.InvocationRetryPolicy(max_attempts=1, on_max_attempts="kill")
TWICE = awaken.InvocationRetryPolicy(
    max_attempts=2, on_max_attempts="kill", initial_interval=timedelta(milliseconds=10)
)
PATIENT = awaken.InvocationRetryPolicy(
    max_attempts=10, on_max_attempts="pause", initial_interval=timedelta(minutes=10)
)

failing = awaken.Service("Failing", invocation_retry_policy=ONCE)


def charge() -> None:
    raise ValueError("no such card")


async def charge_later() -> None:
    await asyncio.sleep(0)
    raise ValueError("no such card")


def traced(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any) -> Any:
        return await function(*args)

    return wrapper


@contextlib.contextmanager
def ledger() -> Iterator[None]:
    try:
        yield
    finally:
        raise LookupError("no ledger")


@contextlib.asynccontextmanager
async def surrounding() -> AsyncIterator[None]:
    raise PermissionError("not today")
    yield


@failing.handler()
async def plain(ctx: awaken.Context) -> None:
    charge()


@failing.handler()
@traced
async def decorated(ctx: awaken.Context) -> None:
    charge()


class Prices(dict[str, int]):
    def __getitem__(self, name: str) -> int:
        raise KeyError(name)


def look_up(name: str) -> int:
    try:
        return Prices()[name]
    except KeyError as error:
        raise LookupError(f"{name} has no price") from error


@failing.handler()
async def chained(ctx: awaken.Context) -> None:
    look_up("bread")


@failing.handler()
async def implied(ctx: awaken.Context) -> None:
    try:
        look_up("bread")
    except LookupError:
        charge()


@failing.handler()
async def grouped(ctx: awaken.Context) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(charge_later())
        group.create_task(ctx_sleeps(ctx))


async def ctx_sleeps(ctx: awaken.Context) -> None:
    await ctx.sleep(timedelta(hours=1))


@failing.handler()
async def blocking_run(ctx: awaken.Context) -> None:
    await ctx.run_typed("charge", charge)


@failing.handler()
async def async_run(ctx: awaken.Context) -> None:
    await ctx.run_typed("charge", charge_later)


@failing.handler()
async def gathered_run(ctx: awaken.Context) -> None:
    await asyncio.gather(ctx.run_typed("a", charge), ctx.run_typed("b", charge_later))


@failing.handler()
async def library(ctx: awaken.Context) -> None:
    json.loads("{")


@failing.handler()
async def managed(ctx: awaken.Context) -> None:
    with ledger():
        pass


@failing.handler(invocation_context_managers=[surrounding])
async def surrounded(ctx: awaken.Context) -> None:
    pass


@failing.handler()
async def refused(ctx: awaken.Context) -> None:
    handler: Any = charge
    await ctx.service_call(handler, None)


@failing.handler(invocation_retry_policy=TWICE)
async def unsteady(ctx: awaken.Context) -> None:
    await ctx.run_typed(f"charge {random.random()}", asyncio.sleep, delay=0)
    raise ValueError("once more")


@failing.handler()
async def threaded(ctx: awaken.Context) -> None:
    await asyncio.to_thread(charge)


@failing.handler()
async def abandoned(ctx: awaken.Context) -> None:
    task = asyncio.create_task(charge_later())
    await asyncio.wait([task])
    del task


@failing.handler(invocation_retry_policy=PATIENT)
async def patient(ctx: awaken.Context) -> None:
    charge()


app = awaken.app([failing])
