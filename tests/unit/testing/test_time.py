"""One clock for the runtime and the handlers of an environment."""

from __future__ import annotations

import ast
import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import awaken
import pytest
from awaken.testing import open_environment
from awaken.timing import wall_clock

DAY = 86_400
PACKAGE = Path(awaken.__file__).parent

desk = awaken.Service("Desk")


@desk.handler()
async def read(ctx: awaken.Context) -> float:
    return await ctx.time()


@desk.handler()
async def read_around_a_nap(ctx: awaken.Context) -> float:
    before = await ctx.time()
    await ctx.sleep(timedelta(days=2))
    return await ctx.time() - before


@desk.handler()
async def read_in_tasks(ctx: awaken.Context) -> list[float]:
    async def part() -> float:
        return await ctx.time()

    return list(await asyncio.gather(part(), part()))


@desk.handler()
async def send_later(ctx: awaken.Context) -> str:
    handle = ctx.service_send(read, arg=None, send_delay=timedelta(days=1))
    return await handle.invocation_id()


@desk.handler()
async def ask(ctx: awaken.Context) -> str:
    callback = ctx.callback(str, name="approve", expires_in=timedelta(days=3))
    await ctx.run_typed("mail", lambda: LINKS.append(callback.expires_at))
    try:
        return await callback
    except TimeoutError:
        return "expired"


@desk.handler()
async def bounded(ctx: awaken.Context) -> str:
    try:
        async with ctx.timeout(timedelta(days=1)):
            return await ctx.awakeable(type_hint=str, name="word")
    except TimeoutError:
        return "too late"


LINKS: list[datetime] = []


def about(seconds: float) -> object:
    return pytest.approx(time.time() + seconds, abs=60)


@pytest.fixture(autouse=True)
def _links(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWAKEN_CALLBACK_URL", "https://example.com/links")
    monkeypatch.setenv("AWAKEN_CALLBACK_KEYS", "k1:" + "ab" * 32)
    LINKS.clear()


async def test_handlers_read_the_time_that_was_moved() -> None:
    async with open_environment([desk]) as env:
        await env.advance(days=400)

        assert await env.client.service_call(read, arg=None) == about(400 * DAY)
        assert await env.client.service_call(read_in_tasks, arg=None) == [about(400 * DAY)] * 2
        assert env.now_ms / 1000 == about(400 * DAY)


@pytest.mark.parametrize("always_replay", [False, True])
async def test_time_passes_while_a_handler_sleeps(always_replay: bool) -> None:
    async with open_environment([desk], always_replay=always_replay) as env:
        sent = await env.client.service_send(read_around_a_nap, arg=None)
        await env.advance(days=2)

        assert await env.client.attach(sent.invocation_id) == pytest.approx(2 * DAY, abs=60)


async def test_recorded_time_stays() -> None:
    async with open_environment([desk]) as env:
        sent = await env.client.service_send(read_around_a_nap, arg=None)
        await env.settle()
        await env.crash()
        await env.advance(days=2)

        assert await env.client.attach(sent.invocation_id) == pytest.approx(2 * DAY, abs=60)


async def test_delay_of_a_send_counts_from_the_time_that_was_moved() -> None:
    async with open_environment([desk]) as env:
        await env.advance(days=100)
        later = await env.client.service_call(send_later, arg=None)
        await env.advance(hours=23)
        assert env.invocation(later).status == "scheduled"
        await env.advance(hours=2)

        assert await env.client.attach(later) == about(101 * DAY)


async def test_callback_expires_from_the_time_that_was_moved() -> None:
    async with open_environment([desk]) as env:
        await env.advance(days=100)
        sent = await env.client.service_send(ask, arg=None)
        await env.advance(days=2)
        assert LINKS[0].timestamp() == about(103 * DAY)
        assert env.invocation(sent.invocation_id).status != "completed"
        await env.advance(hours=25)

        assert await env.client.attach(sent.invocation_id) == "expired"


async def test_timeout_counts_from_the_time_that_was_moved() -> None:
    async with open_environment([desk]) as env:
        await env.advance(days=100)
        sent = await env.client.service_send(bounded, arg=None)
        await env.advance(hours=23)
        assert env.invocation(sent.invocation_id).status != "completed"
        await env.advance(hours=2)

        assert await env.client.attach(sent.invocation_id) == "too late"


async def test_two_environments_of_one_application_have_their_own_time() -> None:
    app = awaken.app([desk])
    async with open_environment(app) as one, open_environment(app) as other:
        await one.advance(days=10)
        await other.advance(days=1000)

        assert await one.client.service_call(read, arg=None) == about(10 * DAY)
        assert await other.client.service_call(read, arg=None) == about(1000 * DAY)

    assert wall_clock.now_s() == about(0)


async def test_test_itself_has_the_time_of_the_machine() -> None:
    async with open_environment([desk]) as env:
        await env.advance(days=10)
        assert wall_clock.now_s() == about(0)
        assert datetime.now(UTC).timestamp() == about(0)


def test_nothing_that_handlers_use_reads_another_clock() -> None:
    paths = [path for part in ("context", "links") for path in (PACKAGE / part).glob("*.py")]
    paths.append(PACKAGE / "timing" / "time_limits.py")
    assert len(paths) > 10

    readers = [
        f"{path.name}:{node.lineno}"
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and (ast.unparse(node) in ("time.time", "time.time_ns", "datetime.now", "datetime.utcnow"))
    ]

    assert readers == []
