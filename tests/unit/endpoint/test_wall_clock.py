"""Timeouts of asyncio itself: they count the time of one attempt, and a replay that differs is named."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import awaken
import pytest

from tests import frames
from tests.unit.endpoint.fakes import Call

SOON = 0.001


async def by_timeout(future: Any, seconds: float) -> Any:
    async with asyncio.timeout(seconds):
        return await future


async def by_wait_for(future: Any, seconds: float) -> Any:
    return await asyncio.wait_for(future, seconds)


async def by_wait(future: Any, seconds: float) -> Any:
    done, _ = await asyncio.wait([future], timeout=seconds)
    if not done:
        raise TimeoutError
    return done.pop().result()


async def by_gather(future: Any, seconds: float) -> Any:
    async with asyncio.timeout(seconds):
        return (await asyncio.gather(future, return_exceptions=True))[0]


WAYS = [by_timeout, by_wait_for, by_wait, by_gather]


def service_with(handler: Any) -> awaken.Service:
    service = awaken.Service("S")
    service.handler(name="h")(handler)
    return service


@pytest.mark.parametrize("way", WAYS)
async def test_timeout_fires_within_an_attempt_and_leaves_the_result_to_be_awaited_again(way: Any) -> None:
    async def handler(ctx: awaken.Context) -> str:
        _, future = ctx.awakeable(type_hint=str)
        with pytest.raises(TimeoutError):
            await way(future, SOON)
        ctx.sleep(timedelta(0))
        first, second = await asyncio.gather(future, awaken.gather(future))
        assert await second[0] == first
        return await future

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    while "Sleep" not in call.answer:
        await asyncio.sleep(SOON)  # its timer is the loop's
    call.send(frames.signal(17, b'"yes"'))
    await call.until_ended()
    assert b'"yes"' in call.exchange.body


@pytest.mark.parametrize("way", WAYS)
async def test_replay_before_the_timeout_names_what_was_recorded_and_what_is_awaited(way: Any) -> None:
    async def handler(ctx: awaken.Context) -> None:
        _, future = ctx.awakeable(type_hint=str)
        try:
            await way(future, 3600)
        except TimeoutError:
            await ctx.run_typed("give up", asyncio.sleep, delay=0)

    call = Call(service_with(handler), "h")
    call.send(frames.request(b"", frames.run_command(1, "give up")))
    await call.until_answer("Error")
    assert b"give up" in call.exchange.body
    assert b"an awakeable (signal 17)" in call.exchange.body


async def test_run_goes_on_when_a_durable_deadline_passes() -> None:
    gate = asyncio.Event()

    async def slow() -> int:
        await gate.wait()
        return 7

    async def handler(ctx: awaken.Context) -> int:
        run = ctx.run_typed("slow", slow)
        with pytest.raises(TimeoutError):
            async with ctx.timeout(1):
                await run
        gate.set()
        return await run

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Run", "Sleep")
    call.send(frames.sleep_completion(2))
    await call.until_answer("Run", "Sleep", "ProposeRunCompletion")
    call.send(frames.run_completion(1, b"7"))
    await call.until_ended()
    assert call.answer[-2:] == ["Output", "End"]
