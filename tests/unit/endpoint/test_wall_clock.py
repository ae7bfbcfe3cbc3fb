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


async def by_timeout(future: Any) -> Any:
    async with asyncio.timeout(SOON):
        return await future


async def by_wait_for(future: Any) -> Any:
    return await asyncio.wait_for(future, SOON)


async def by_wait(future: Any) -> Any:
    done, _ = await asyncio.wait([future], timeout=SOON)
    if not done:
        raise TimeoutError
    return done.pop().result()


async def by_gather(future: Any) -> Any:
    async with asyncio.timeout(SOON):
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
            await way(future)
        ctx.sleep(timedelta(0))
        first, second = await asyncio.gather(future, awaken.gather(future))
        assert await second[0] == first
        return await future

    call = Call(service_with(handler), "h")
    call.tell(frames.request())
    while "Sleep" not in call.answer:
        await asyncio.sleep(SOON)  # its timer is the loop's
    call.tell(frames.signal(17, b'"yes"'))
    await call.until_ended()
    assert b'"yes"' in call.exchange.body


@pytest.mark.parametrize("way", WAYS)
async def test_replay_before_the_timeout_names_what_was_recorded_and_what_is_awaited(way: Any) -> None:
    async def handler(ctx: awaken.Context) -> None:
        _, future = ctx.awakeable(type_hint=str)
        try:
            await way(future)
        except TimeoutError:
            await ctx.run_typed("give up", asyncio.sleep, delay=0)

    call = Call(service_with(handler), "h")
    call.tell(frames.request(b"", frames.run_command(1, "give up")))
    await call.until_answer("Error")
    assert b"give up" in call.exchange.body
    assert b"an awakeable (signal 17)" in call.exchange.body
