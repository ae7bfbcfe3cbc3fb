"""Turns, as the official turnstile gives them; and where that one waits for ever, or breaks, ours does not."""

from __future__ import annotations

import asyncio
from typing import Any

import awaken
import pytest
import restate.exceptions
import restate.ext.turnstile
from awaken.errors import SdkInternalException, UsageError
from awaken.ext.turnstile import Turnstile
from awaken.testing import Environment, crash_everywhere, open_environment

TURNSTILES = {
    "awaken": (Turnstile, SdkInternalException),
    "restate": (restate.ext.turnstile.Turnstile, restate.exceptions.SdkInternalException),
}


class Waiting:
    """Tasks that wait for their turn, and what became of each."""

    def __init__(self, turnstile: Any, unwinding: type[BaseException]) -> None:
        self.turnstile = turnstile
        self._unwinding = unwinding
        self._tasks: list[tuple[str, asyncio.Task[None]]] = []

    async def enter(self, *ids: str) -> None:
        for one in ids:
            self._tasks.append((one, asyncio.create_task(self.turnstile.wait_for(one))))
        await self._rest()

    async def passed(self) -> str:
        await self._rest()
        return "".join(one for one, task in self._tasks if task.done() and task.exception() is None)

    async def cancelled(self) -> str:
        await self._rest()
        return "".join(
            one for one, task in self._tasks if task.done() and type(task.exception()) is self._unwinding
        )

    async def leave(self) -> None:
        for _, task in self._tasks:
            task.cancel()
        await asyncio.gather(*(task for _, task in self._tasks), return_exceptions=True)

    @staticmethod
    async def _rest() -> None:
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture(params=sorted(TURNSTILES))
async def waiting(request: pytest.FixtureRequest) -> Any:
    """Turns of "abcd", in each SDK."""
    kind, unwinding = TURNSTILES[request.param]
    waiting = Waiting(kind(list("abcd")), unwinding)
    yield waiting
    await waiting.leave()


async def test_turns_come_in_the_order_of_the_ids(waiting: Waiting) -> None:
    await waiting.enter("c", "b", "a")
    assert await waiting.passed() == "a"

    waiting.turnstile.allow_next_after("a")
    assert await waiting.passed() == "ba"

    waiting.turnstile.allow_next_after("b")
    await waiting.enter("d")
    assert await waiting.passed() == "cba"


async def test_turn_that_came_stays(waiting: Waiting) -> None:
    waiting.turnstile.allow_next_after("a")
    waiting.turnstile.allow_next_after("a")

    await waiting.enter("b", "b", "a", "c")

    assert await waiting.passed() == "bba"


async def test_after_the_last_and_an_unknown_one_comes_none(waiting: Waiting) -> None:
    await waiting.enter("b")

    waiting.turnstile.allow_next_after("d")
    waiting.turnstile.allow_next_after("x")

    assert await waiting.passed() == ""


async def test_failure_unwinds_those_after_it(waiting: Waiting) -> None:
    await waiting.enter("a", "c", "d")

    waiting.turnstile.cancel_all_after("b")

    assert await waiting.cancelled() == "cd"
    assert await waiting.passed() == "a"


async def test_who_comes_before_a_failure_unwinds_at_its_turn(waiting: Waiting) -> None:
    await waiting.enter("b")
    waiting.turnstile.cancel_all_after("c")
    assert await waiting.cancelled() == ""

    waiting.turnstile.allow_next_after("a")
    assert await waiting.cancelled() == "b"


async def test_cancelling_all_unwinds_all(waiting: Waiting) -> None:
    await waiting.enter("b", "d")

    waiting.turnstile.cancel_all()
    waiting.turnstile.cancel_all()
    await waiting.enter("a", "c")

    assert await waiting.cancelled() == "bdac"


async def test_task_that_is_cancelled_leaves_the_turns_of_others(waiting: Waiting) -> None:
    await waiting.enter("b", "b")
    await waiting.leave()

    waiting.turnstile.allow_next_after("a")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(waiting.turnstile.wait_for("c"), 0.01)
    await waiting.enter("b")

    waiting.turnstile.allow_next_after("b")
    await asyncio.wait_for(waiting.turnstile.wait_for("c"), 1)


async def test_without_ids_nothing_waits() -> None:
    turnstile = Turnstile([])

    turnstile.allow_next_after("a")
    turnstile.cancel_all_after("a")
    turnstile.cancel_all()

    with pytest.raises(UsageError, match=r"'a'.*no ids"):
        await turnstile.wait_for("a")


async def test_unknown_id_is_named() -> None:
    with pytest.raises(UsageError, match=r"'x'.*'a', 'b'"):
        await Turnstile(["a", "b"]).wait_for("x")


async def test_cancelling_after_an_unknown_id_lets_none_wait_for_ever() -> None:
    waiting = Waiting(Turnstile("abc"), SdkInternalException)
    await waiting.enter("b", "c")

    waiting.turnstile.cancel_all_after("x")

    assert await waiting.cancelled() == "bc"


async def test_repeated_id_counts_where_it_came_first() -> None:
    waiting = Waiting(Turnstile(iter("abac")), SdkInternalException)
    await waiting.enter("a", "b", "c", "a")
    assert await waiting.passed() == "aa"

    waiting.turnstile.allow_next_after("a")
    waiting.turnstile.allow_next_after("b")
    assert await waiting.passed() == "abca"


agent = awaken.Service("Agent")
failures: list[str] = []


@agent.handler()
async def answer(ctx: awaken.Context, broken: str) -> list[str]:
    """Use tools in tasks that begin in the wrong order, and the broken one fails at its first use."""
    calls = ["one", "two", "three"]
    turnstile = Turnstile(calls)
    used: list[str] = []

    async def use(name: str) -> None:
        await turnstile.wait_for(name)
        used.append(name)
        try:
            if name == broken and name not in failures:
                failures.append(name)
                raise ValueError(f"{name} is broken")
            future = ctx.run_typed(name, str.upper, awaken.RunOptions(), name)
        except BaseException:
            turnstile.cancel_all_after(name)
            raise
        turnstile.allow_next_after(name)
        await future

    await asyncio.gather(*(use(name) for name in reversed(calls)))
    return used


@crash_everywhere(app=awaken.app([agent]))
async def test_commands_of_concurrent_tools_replay_in_the_order_of_the_ids(env: Environment) -> None:
    assert await env.client.service_call(answer, "") == ["one", "two", "three"]


@pytest.mark.slow
async def test_failing_tool_leaves_none_waiting() -> None:
    async with open_environment(awaken.app([agent]), retries=True) as env:
        assert await env.client.service_call(answer, "two") == ["one", "two", "three"]
