"""Durable deadlines: what the handler sees, wherever its attempt ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import awaken
import pytest
from awaken import errors
from awaken.errors import DeadlineError

from tests import frames
from tests.unit.endpoint.fakes import Call

SECOND = timedelta(seconds=1)


def service_with(handler: Any) -> awaken.Service:
    service = awaken.Service("S")
    service.handler(name="h")(handler)
    return service


async def wait_in_time(ctx: awaken.Context) -> str:
    awakeable = ctx.awakeable(type_hint=str)
    try:
        return await awakeable.result(timeout=SECOND)
    except TimeoutError as error:
        return f"{type(error).__name__}: {error}"


async def test_result_in_time_is_returned() -> None:
    call = Call(service_with(wait_in_time), "h")
    call.send(frames.request())
    await call.until_answer("Sleep")
    call.send(frames.signal(17, b'"yes"'))
    await call.until_answer("Sleep", "Output", "End")
    assert b'"yes"' in call.exchange.body


async def test_deadline_raises_a_timeout_error_that_names_what_was_awaited() -> None:
    call = Call(service_with(wait_in_time), "h")
    call.send(frames.request())
    await call.until_answer("Sleep")
    call.send(frames.sleep_completion(1))
    await call.until_answer("Sleep", "Output", "End")
    assert b"DeadlineError: no result of awakeable sign_1sf902udLPZuGobB" in call.exchange.body
    assert b"within 1 s" in call.exchange.body


async def test_deadline_fires_after_suspension() -> None:
    first = Call(service_with(wait_in_time), "h")
    first.send(frames.request())
    first.end_request()
    await first.until_answer("Sleep", "Suspension")
    assert frames.read(first.exchange.body)[1].payload == bytes.fromhex("0a0101" + "12020111")

    second = Call(service_with(wait_in_time), "h")
    second.send(frames.request(b"", frames.sleep_command(1), frames.sleep_completion(1)))
    second.end_request()
    await second.until_answer("Output", "End")
    assert b"DeadlineError" in second.exchange.body


@pytest.mark.parametrize("is_result_first", [True, False])
async def test_what_the_journal_has_first_wins(is_result_first: bool) -> None:
    result, timer = frames.signal(17, b'"yes"'), frames.sleep_completion(1)
    recorded = (result, timer) if is_result_first else (timer, result)

    replay = Call(service_with(wait_in_time), "h")
    replay.send(frames.request(b"", frames.sleep_command(1), *recorded))
    await replay.until_answer("Output", "End")
    live = Call(service_with(wait_in_time), "h")
    live.send(frames.request())
    await live.until_answer("Sleep")
    live.send(*recorded)
    await live.until_answer("Sleep", "Output", "End")

    for call in (replay, live):
        assert (b'"yes"' in call.exchange.body) == is_result_first


async def test_uncaught_deadline_ends_the_invocation_with_code_408() -> None:
    async def handler(ctx: awaken.Context) -> None:
        await ctx.awakeable().result(timeout=0.5)

    call = Call(service_with(handler), "h")
    call.send(frames.request(b"", frames.sleep_command(1), frames.sleep_completion(1)))
    await call.until_answer("Output", "End")
    failure = frames.fields(frames.read(call.exchange.body)[0].payload)[15]
    assert isinstance(failure, bytes)
    assert frames.fields(failure)[1] == 408
    assert b"within 0.5 s" in failure


async def test_awakeable_can_be_awaited_again_after_a_deadline() -> None:
    async def handler(ctx: awaken.Context) -> list[Any]:
        awakeable = ctx.awakeable(type_hint=str)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await awakeable.result(timeout=1)
        return list(await asyncio.gather(awakeable.future, awakeable.result(timeout=1)))

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Sleep")
    call.send(frames.sleep_completion(1))
    await call.until_answer("Sleep", "Sleep")
    call.send(frames.sleep_completion(2))
    await call.until_answer("Sleep", "Sleep", "Sleep")
    call.send(frames.signal(17, b'"at last"'))
    await call.until_ended()
    assert b'["at last", "at last"]' in call.exchange.body


@pytest.mark.parametrize(("fired", "outcome"), [(1, b'"outer"'), (2, b'"inner"')])
async def test_nested_timeouts_each_end_their_own_block(fired: int, outcome: bytes) -> None:
    async def handler(ctx: awaken.Context) -> str:
        outer, inner = ctx.timeout(SECOND), ctx.timeout(SECOND)
        try:
            async with outer:
                try:
                    async with inner:
                        await ctx.awakeable()
                except TimeoutError:
                    assert inner.expired()
                    assert not outer.expired()
                    return "inner"
        except TimeoutError:
            assert outer.expired()
            assert not inner.expired()
            return "outer"
        return "neither"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Sleep", "Sleep")
    call.send(frames.sleep_completion(fired))
    await call.until_ended()
    assert outcome in call.exchange.body


async def test_timeout_bounds_a_task_group_and_what_it_does_besides() -> None:
    async def handler(ctx: awaken.Context) -> str:
        try:
            async with ctx.timeout(SECOND), asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(3600))
                group.create_task(_wait(ctx.awakeable().future))
        except TimeoutError:
            return "late"
        return "in time"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Sleep")
    call.send(frames.sleep_completion(1))
    await call.until_ended()
    assert b'"late"' in call.exchange.body


async def test_cancellation_of_the_invocation_reaches_the_block_rather_than_the_deadline() -> None:
    async def handler(ctx: awaken.Context) -> str:
        async with ctx.timeout(SECOND):
            try:
                await ctx.awakeable()
            except awaken.TerminalError as error:
                return f"{error.status_code} {error.message}"
        return "not cancelled"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Sleep")
    call.send(frames.CANCEL)
    await call.until_ended()
    assert b'"409 cancelled"' in call.exchange.body


async def test_cancellation_ends_a_block_that_awaits_nothing_durable() -> None:
    async def handler(ctx: awaken.Context) -> str:
        try:
            async with ctx.timeout(SECOND):
                await asyncio.sleep(3600)
        except DeadlineError:
            return "late"
        except awaken.TerminalError as error:
            return f"{error.status_code} {error.message}"
        return "not cancelled"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_answer("Sleep")
    call.send(frames.CANCEL)
    await call.until_ended()
    assert b'"409 cancelled"' in call.exchange.body


async def test_a_timeout_is_used_once() -> None:
    async def handler(ctx: awaken.Context) -> str:
        timeout = ctx.timeout(1)
        async with timeout:
            pass
        with pytest.raises(errors.UsageError, match="bounds one block"):
            async with timeout:
                pass
        return "refused"

    call = Call(service_with(handler), "h")
    call.send(frames.request())
    await call.until_ended()
    assert b'"refused"' in call.exchange.body


async def _wait(future: Any) -> Any:
    return await future
