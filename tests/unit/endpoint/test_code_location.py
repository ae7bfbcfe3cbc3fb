"""Errors of the machine name the line of the handler that caused them, at the server and in the log."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.diagnostics import development
from awaken.diagnostics.tracebacks import PACKAGE
from awaken.endpoint import code_location

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import Callable


def place_of(function: Callable[..., Any], marker: str) -> str:
    """Return file and line of the statement of a function that has this comment."""
    lines, first = inspect.getsourcelines(function)
    offset = next(index for index, line in enumerate(lines) if f"# {marker}" in line)
    return f"{inspect.getsourcefile(function)}:{first + offset}"


async def replay(handler: Any, *journal: bytes, state: dict[str, bytes] | None = None) -> Call:
    service = awaken.VirtualObject("Greeter")
    service.handler(name="greet")(handler)
    call = Call(service, "greet")
    call.send(frames.request(b"", *journal, state=state))
    await call.until_ended()
    assert call.answer[-1] == "Error"
    return call


def error_text(call: Call) -> str:
    return frames.read(call.exchange.body)[-1].payload.decode(errors="replace")


async def test_other_command_than_recorded_tells_both_with_handler_entry_and_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def greet(ctx: awaken.ObjectContext) -> None:
        ctx.generic_send("S", "h", b"")  # here

    call = await replay(greet, frames.sleep_command(1, "cool-down"))

    expected = (
        f"Greeter/greet at {place_of(greet, 'here')}: entry 1: "
        'recorded sleep "cool-down", attempted send S/h; register the changed handler as a new deployment; '
    )
    assert expected in error_text(call)
    assert "Traceback" in error_text(call)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert expected in record.getMessage()
    assert frames.INVOCATION_ID in record.getMessage()


@pytest.mark.parametrize("is_development", [False, True])
async def test_other_value_than_recorded_is_shown_beside_it_in_development_only(
    caplog: pytest.LogCaptureFixture, is_development: bool
) -> None:
    async def greet(ctx: awaken.ObjectContext) -> None:
        ctx.set("name", "new")  # here

    recorded = frames.frame(0x0403, frames.blob(1, "name") + frames.blob(3, frames.value(b'"old"')))
    with development.enabled() if is_development else nullcontext():
        call = await replay(greet, recorded)

    shown = 'recorded value "\\"old\\"", attempted "\\"new\\""'
    hidden = "recorded value of 5 bytes (sha256 d6d13014...), attempted of 5 bytes (sha256 80270e39...)"
    for text in (error_text(call), caplog.messages[0]):
        assert f"Greeter/greet at {place_of(greet, 'here')}: entry 1: " in text
        assert (shown if is_development else hidden) in text
        assert ("old" in text) == is_development


async def test_line_is_the_one_in_the_function_that_the_handler_calls() -> None:
    def helper(ctx: awaken.ObjectContext) -> None:
        ctx.clear_all()  # here

    async def greet(ctx: awaken.ObjectContext) -> None:
        helper(ctx)

    call = await replay(greet, frames.sleep_command(1))
    assert f"at {place_of(helper, 'here')}: entry 1" in error_text(call)


async def test_await_that_was_not_there_is_told_with_its_line() -> None:
    async def greet(ctx: awaken.ObjectContext) -> None:
        await ctx.sleep(timedelta(1))  # here
        ctx.clear_all()

    call = await replay(greet, frames.sleep_command(1), frames.frame(0x0405))

    assert f"Greeter/greet at {place_of(greet, 'here')}: entry 2: recorded clear all state" in error_text(
        call
    )
    assert "an await was added" in error_text(call)


async def test_await_in_several_tasks_is_told_with_the_line_of_the_handler() -> None:
    async def greet(ctx: awaken.ObjectContext) -> None:
        await asyncio.gather(ctx.sleep(timedelta(1)), ctx.awakeable().future)  # here

    call = await replay(greet, frames.sleep_command(1), frames.frame(0x0405))
    assert f"Greeter/greet at {place_of(greet, 'here')}: entry 2" in error_text(call)


async def test_mismatch_in_a_task_is_told_with_the_line_of_the_task() -> None:
    async def helper(ctx: awaken.ObjectContext) -> None:
        ctx.clear_all()  # here

    async def greet(ctx: awaken.ObjectContext) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(helper(ctx))

    call = await replay(greet, frames.sleep_command(1))
    assert f"Greeter/greet at {place_of(helper, 'here')}: entry 1" in error_text(call)


async def test_handler_that_ends_early_is_told() -> None:
    async def greet(ctx: awaken.ObjectContext) -> None:
        return None

    call = await replay(greet, frames.sleep_command(1))
    assert "Greeter/greet: entry 1: " in error_text(call)


async def test_ordinary_error_is_told_as_it_is() -> None:
    async def greet(ctx: awaken.ObjectContext) -> None:
        raise ValueError("boom")  # here

    call = await replay(greet)
    assert frames.blob(2, "ValueError('boom')") in call.exchange.body
    assert f"line {place_of(greet, 'here').rpartition(':')[2]}, in greet" in error_text(call)


def test_place_of_an_error_that_was_never_raised_is_unknown() -> None:
    assert code_location.raised(ValueError()) is None


async def test_package_beside_this_one_is_the_authors() -> None:
    file = f"{PACKAGE.rstrip(os.sep)}_shop{os.sep}greeting.py"
    names: dict[str, Any] = {}
    exec(compile("async def greet(ctx):\n    ctx.clear_all()\n", file, "exec"), names)

    call = await replay(names["greet"], frames.sleep_command(1))

    assert f"Greeter/greet at {file}:2: entry 1" in error_text(call)
    assert f'File "{file}", line 2, in greet' in error_text(call)
