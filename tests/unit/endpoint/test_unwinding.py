# ruff: noqa: SIM105  # what is swallowed here is swallowed the way users do
"""Code that continues after its attempt is named, holds nothing up, and writes nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import awaken
import pytest
from awaken.endpoint import tasks

from tests import frames
from tests.unit.endpoint.fakes import Call

FILE = str(Path(__file__))
SECOND = timedelta(seconds=1)


def line_of(comment: str) -> str:
    """Return file and line of the line with this comment."""
    lines = Path(__file__).read_text().splitlines()
    return f"{FILE}:{next(number for number, line in enumerate(lines, 1) if line.endswith(f'# {comment}'))}"


async def suspended(handler: Any, *, turns: int = 1) -> Call:
    service = awaken.Service("S")
    service.handler(name="h")(handler)
    call = Call(service, "h")
    call.send(frames.request())
    call.end_request()
    await call.until_ended()
    for _ in range(turns):
        await call.settle()
    assert call.answer[-1] == "Suspension"
    return call


async def test_swallowed_suspension_is_named_at_the_end_of_the_handler(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(ctx: awaken.Context) -> str:
        try:
            return await ctx.awakeable(type_hint=str)  # alone
        except BaseException:
            return "swallowed"

    await suspended(handler)
    assert "returned after its attempt was over" in caplog.text
    assert f"around {line_of('alone')}" in caplog.text


async def test_swallowed_suspension_is_named_at_the_next_operation(caplog: pytest.LogCaptureFixture) -> None:
    raised: list[BaseException] = []

    async def handler(ctx: awaken.Context) -> str:
        try:
            await ctx.awakeable()
        except BaseException:
            pass
        try:
            ctx.sleep(SECOND)  # next
        except BaseException as error:
            raised.append(error)
            raise
        return "swallowed"

    call = await suspended(handler)
    assert call.answer == ["Suspension"]
    assert f"cannot sleep at {line_of('next')}" in str(raised[0])
    assert f"asked to sleep at {line_of('next')}" in caplog.text


async def test_swallowing_in_a_gather_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(ctx: awaken.Context) -> str:
        try:
            await asyncio.gather(ctx.awakeable().future, ctx.sleep(SECOND))  # gathered
        except BaseException:
            pass
        return "swallowed"

    await suspended(handler)
    assert f"around {line_of('gathered')}" in caplog.text


async def test_swallowing_in_a_task_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async def helper(ctx: awaken.Context) -> None:
        try:
            await ctx.awakeable()  # in a task
        except BaseException:
            pass

    async def handler(ctx: awaken.Context) -> None:
        task = asyncio.create_task(helper(ctx))
        await ctx.sleep(SECOND)
        await task

    await suspended(handler)
    assert "ended a task after its attempt was over" in caplog.text
    assert f"around {line_of('in a task')}" in caplog.text


async def test_task_group_of_anyio_swallows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def helper(ctx: awaken.Context) -> None:
        await ctx.awakeable()

    async def handler(ctx: awaken.Context) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(helper, ctx)
            group.start_soon(helper, ctx)
            await ctx.sleep(SECOND)

    await suspended(handler)
    assert caplog.text == ""


@pytest.mark.parametrize("file", ["/library/tasks.py", "/elsewhere/anyio/tasks.py"])
async def test_swallowing_by_a_forgiven_library_is_not_named(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    monkeypatch.setattr(tasks, "_forgiven", set())
    tasks.forgive_tasks_of("/library/")
    names: dict[str, Any] = {}
    source = "async def swallow(durable):\n    try:\n        await durable\n    except BaseException:\n        pass\n"
    exec(compile(source, file, "exec"), names)

    async def handler(ctx: awaken.Context) -> None:
        task = asyncio.create_task(names["swallow"](ctx.awakeable()))
        await ctx.sleep(SECOND)
        await task

    await suspended(handler)
    assert caplog.text == ""


async def test_cleaning_up_is_not_taken_for_going_on(caplog: pytest.LogCaptureFixture) -> None:
    async def helper(ctx: awaken.Context) -> None:
        try:
            await ctx.awakeable()
        finally:
            await asyncio.sleep(0)
            ctx.sleep(SECOND)

    async def beat() -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

    async def handler(ctx: awaken.Context) -> None:
        tasks = [asyncio.create_task(helper(ctx)), asyncio.create_task(beat())]
        try:
            await ctx.awakeable()
        finally:
            del tasks
            ctx.sleep(SECOND)

    await suspended(handler)
    assert caplog.text == ""


@pytest.mark.parametrize("is_beside_a_task", [False, True])
async def test_code_that_swallows_everything_for_ever_leaves_the_loop_to_others(
    is_beside_a_task: bool,
) -> None:
    tried, is_over = 0, False

    async def insist(ctx: awaken.Context) -> None:
        nonlocal tried
        while not is_over:
            tried += 1
            try:
                await ctx.awakeable()
                return
            except BaseException:
                continue

    async def insist_on_one(future: Any) -> None:
        nonlocal tried
        while not is_over:
            tried += 1
            try:
                await future
                return
            except BaseException:
                continue

    async def handler(ctx: awaken.Context) -> None:
        if is_beside_a_task:
            tasks = [asyncio.create_task(insist(ctx)), asyncio.create_task(insist_on_one(ctx.awakeable()))]
            await asyncio.gather(*tasks)
        await insist(ctx)

    call = await suspended(handler, turns=3)
    assert call.answer == ["Suspension"]
    assert tried < 100
    is_over = True


async def test_lost_stream_is_not_written_to_by_a_handler_that_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(ctx: awaken.Context) -> str:
        try:
            await ctx.awakeable()
        except BaseException:
            pass
        return "swallowed"

    service = awaken.Service("S")
    service.handler(name="h")(handler)
    call = Call(service, "h")
    call.send(frames.request())
    await call.settle()
    call.receiver.disconnect()
    await call.settle()
    assert call.exchange.body == b""
    assert "returned after its attempt was over" in caplog.text


async def test_drain_suspends_several_tasks_on_everything_they_await() -> None:
    async def wait(ctx: awaken.Context) -> None:
        await ctx.awakeable()

    async def handler(ctx: awaken.Context) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(wait(ctx))
            group.create_task(asyncio.sleep(3600))
            await ctx.sleep(SECOND)

    service = awaken.Service("S")
    service.handler(name="h")(handler)
    call = Call(service, "h")
    call.send(frames.request())
    await call.until_answer("Sleep")
    call.receiver.drain()
    await call.until_ended()
    assert call.answer == ["Sleep", "Suspension"]
    assert frames.read(call.exchange.body)[1].payload == bytes.fromhex("0a0101" + "120401111213")


async def test_error_in_one_branch_can_be_handled_while_others_wait() -> None:
    async def fail() -> None:
        raise awaken.TerminalError("declined", 418)

    async def handler(ctx: awaken.Context) -> str:
        _, future = ctx.awakeable(type_hint=str)
        try:
            await asyncio.gather(ctx.run_typed("charge", fail), future)
        except awaken.TerminalError as error:
            return f"{error.message}, then {await future}"
        return "both"

    service = awaken.Service("S")
    service.handler(name="h")(handler)
    call = Call(service, "h")
    call.send(frames.request())
    await call.until_answer("Run", "ProposeRunCompletion")
    failure = frames.number(1, 418) + frames.blob(2, "declined")
    call.send(frames.frame(0x8011, frames.number(1, 1) + frames.blob(6, failure)))
    await call.settle()
    call.send(frames.signal(17, b'"yes"'))
    await call.until_ended()
    assert b'"declined, then yes"' in call.exchange.body


async def outcome_of(error: BaseException) -> tuple[list[str], bytes]:
    async def raise_it() -> None:
        raise error

    async def handler(ctx: awaken.Context) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(raise_it())

    service = awaken.Service("S")
    service.handler(name="h")(handler)
    call = Call(service, "h")
    call.send(frames.request())
    await call.until_ended()
    return call.answer, call.exchange.body


async def test_group_of_terminal_errors_ends_the_invocation_with_the_first() -> None:
    answer, body = await outcome_of(
        ExceptionGroup("g", [awaken.TerminalError("first", 418), awaken.TerminalError("second", 419)])
    )
    assert answer == ["Output", "End"]
    assert b"first" in body
    assert b"second" not in body


async def test_group_with_an_error_that_may_pass_is_retried() -> None:
    answer, _ = await outcome_of(ExceptionGroup("g", [awaken.TerminalError("first", 418), ValueError("x")]))
    assert answer == ["Error"]


async def test_retryable_error_in_a_group_decides_when() -> None:
    later = awaken.RetryableError("later", 503, retry_after=timedelta(seconds=3))
    answer, body = await outcome_of(ExceptionGroup("g", [awaken.TerminalError("first", 418), later]))
    assert answer == ["Error"]
    assert frames.fields(frames.read(body)[0].payload)[8] == 3000


async def test_control_flow_in_a_group_is_no_outcome_of_the_handler() -> None:
    group = BaseExceptionGroup(
        "g", [awaken.TerminalError("first", 418), awaken.SdkInternalBaseException("over")]
    )
    answer, _ = await outcome_of(group)
    assert answer == ["Error"]
