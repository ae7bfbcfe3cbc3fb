"""Handlers that block the event loop, in development mode."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import threading
import time

import awaken
import pytest
from awaken.testing import open_environment

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::awaken.testing.DevelopmentWarning")]

shop = awaken.Service("shop")


@shop.handler()
async def blocks(ctx: awaken.Context) -> None:
    time.sleep(1.2)  # noqa: ASYNC251 -- what is tested


@shop.handler()
async def blocks_in_a_task(ctx: awaken.Context) -> None:
    async def rest() -> None:
        time.sleep(1.2)  # noqa: ASYNC251 -- what is tested

    await asyncio.gather(rest(), asyncio.sleep(0))


@shop.handler()
async def blocks_in_a_run(ctx: awaken.Context) -> None:
    async def pay() -> None:
        time.sleep(1.2)  # noqa: ASYNC251 -- what is tested

    await ctx.run_typed("pay", pay)


@shop.handler()
async def computes(ctx: awaken.Context) -> None:
    end = time.monotonic() + 1.2
    while time.monotonic() < end:
        sum(range(100))


@shop.handler()
async def uses_a_thread(ctx: awaken.Context) -> None:
    await ctx.run_typed("wait", lambda: time.sleep(1.2))


@shop.handler()
async def waits(ctx: awaken.Context) -> None:
    await asyncio.sleep(1.2)


@shop.handler()
async def replays(ctx: awaken.Context) -> None:
    for _ in range(500):
        await ctx.time()


@shop.handler()
async def runs_a_program(ctx: awaken.Context) -> None:
    subprocess.run([sys.executable, "-c", "import time; time.sleep(1.2)"], check=True)  # noqa: ASYNC221


async def warnings_of(handler: object, caplog: pytest.LogCaptureFixture) -> list[str]:
    with caplog.at_level(logging.WARNING, logger="awaken"):
        async with open_environment(awaken.app([shop])) as env:
            await env.client.service_call(handler, None)  # type: ignore[arg-type]
            await asyncio.sleep(0.05)
    return [record.getMessage() for record in caplog.records if "event loop" in record.getMessage()]


@pytest.mark.parametrize("handler", [blocks, blocks_in_a_task, computes, runs_a_program])
async def test_a_handler_that_blocks_is_named_with_its_line(
    handler: object, caplog: pytest.LogCaptureFixture
) -> None:
    (warning,) = await warnings_of(handler, caplog)

    assert warning.startswith(f"shop/{handler.__name__}: it blocked the event loop for over 1.")  # type: ignore[attr-defined]
    assert f"at {__file__}:" in warning
    assert "ctx.run_typed" in warning


async def test_an_action_that_blocks_is_named(caplog: pytest.LogCaptureFixture) -> None:
    (warning,) = await warnings_of(blocks_in_a_run, caplog)

    assert warning.startswith(
        'the action of run "pay" of shop/blocks_in_a_run: it blocked the event loop for over 1.'
    )
    assert "a plain `def`" in warning


@pytest.mark.parametrize("handler", [uses_a_thread, waits, replays])
async def test_handlers_that_let_others_run_are_not_warned_of(
    handler: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert await warnings_of(handler, caplog) == []


async def test_what_blocks_beside_handlers_is_not_theirs(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="awaken"):
        async with open_environment(awaken.app([shop])) as env:
            await env.client.service_call(replays, None)
            time.sleep(1.2)  # noqa: ASYNC251 -- as a test may
            await asyncio.sleep(0.05)

    assert caplog.records == []


async def test_the_watch_ends_with_development_mode(caplog: pytest.LogCaptureFixture) -> None:
    await warnings_of(replays, caplog)

    await asyncio.sleep(0.5)

    assert "awaken-blocked-loop" not in [thread.name for thread in threading.enumerate()]
