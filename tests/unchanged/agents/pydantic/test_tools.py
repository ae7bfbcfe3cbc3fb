"""What tools may do in handlers that replay at every wait."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.errors import LocalProtocolError, UsageError
from awaken.ext.pydantic import (
    RestateAgent,
    RestateContextRunToolSet,
    restate_context,
    restate_object_context,
)
from pydantic_ai import (
    UsageLimitExceeded,
    UsageLimits,
)
from pydantic_ai.toolsets import FunctionToolset

from tests.unchanged.agents.pydantic.handlers import Counting, in_handler, output_of
from tests.unchanged.agents.pydantic.scripted import Calls, returned

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage

MIB = 1 << 20


@pytest.mark.parametrize("wraps", [False, True])
async def test_function_in_a_thread_is_a_tool(counting: Counting, wraps: bool) -> None:
    agent = counting.agent([("slow", {"n": n}) for n in range(3)], returned)

    @agent.tool_plain
    def slow(n: int) -> str:
        counting.add("slow", n)
        time.sleep(0.01 * (3 - n))
        return f"{n}{'' if threading.current_thread() is threading.main_thread() else ' in a thread'}"

    answer = await in_handler(lambda: output_of(RestateAgent(agent, auto_wrap_tools=wraps).run("?")))

    assert answer == "0 in a thread | 1 in a thread | 2 in a thread"
    assert counting.counts["model"] == 2
    if wraps:
        assert counting.counts["slow"] == 3


async def test_thirty_tools_side_by_side(counting: Counting) -> None:
    agent = counting.agent([("work", {"n": n}) for n in range(30)], returned)

    @agent.tool_plain
    async def work(n: int) -> str:
        ctx = restate_context()
        first = await ctx.run_typed(f"first {n}", lambda: counting.add("run", n * 7 % 30))
        second = await ctx.run_typed(f"second {n} {first}", lambda: counting.add("run", "done"))
        return f"{n}: {second}"

    answer = await in_handler(lambda: output_of(RestateAgent(agent).run("?")))

    assert answer == " | ".join(f"{n}: done" for n in range(30))
    assert counting.counts == {"model": 2, "run": 60}


@pytest.mark.parametrize("wraps", [False, True])
async def test_result_of_five_megabytes_reaches_the_model(counting: Counting, wraps: bool) -> None:
    def measured(messages: list[ModelMessage]) -> str:
        return str(len(returned(messages)))

    agent = counting.agent([("read", {})], measured)

    @agent.tool_plain
    async def read() -> str:
        return "ü☃" * (5 * MIB // 2)

    assert await in_handler(lambda: output_of(RestateAgent(agent, auto_wrap_tools=wraps).run("?"))) == str(
        5 * MIB
    )
    assert counting.counts["model"] == 2


@pytest.mark.parametrize(("turns", "replays"), [(50, False), (12, True)])
async def test_each_of_many_turns_is_asked_once(counting: Counting, turns: int, replays: bool) -> None:
    agent = counting.agent(
        *[[("step", {"n": n})] for n in range(turns - 1)], lambda messages: str(len(messages))
    )

    @agent.tool_plain
    async def step(n: int) -> int:
        return await restate_context().run_typed(f"step {n}", lambda: counting.add("step", n))

    async def work() -> Any:
        result = await RestateAgent(agent).run("?", usage_limits=UsageLimits(request_limit=turns))
        return [result.output, result.usage.requests, result.usage.tool_calls]

    assert await in_handler(work, always_replay=replays) == [str(2 * turns - 1), turns, turns - 1]
    assert counting.counts == {"model": turns, "step": turns - 1}


async def test_limit_of_usage_survives_replays(counting: Counting) -> None:
    agent = counting.agent([("again", {})])

    @agent.tool_plain
    async def again() -> str:
        return await restate_context().run_typed("again", lambda: "again")

    async def work() -> Any:
        with pytest.raises(UsageLimitExceeded, match="request_limit of 3"):
            await RestateAgent(agent).run("?", usage_limits=UsageLimits(request_limit=3))
        return "limited"

    assert await in_handler(work) == "limited"
    assert counting.counts["model"] == 3


# ------------------------------------------------------------ mistakes


async def test_wrapped_tool_cannot_use_the_context(counting: Counting) -> None:
    agent = counting.agent([("nested", {})], returned)

    @agent.tool_plain
    async def nested() -> str:
        return await restate_context().run_typed("inner", lambda: "never")

    with pytest.raises(LocalProtocolError, match='inside the run "Calling nested"'):
        await in_handler(lambda: output_of(RestateAgent(agent, auto_wrap_tools=True).run("?")))


async def test_tool_in_a_service_has_no_state() -> None:
    counting = Counting()
    agent = counting.agent([("remember", {})], returned)

    @agent.tool_plain
    async def remember() -> str:
        restate_object_context().set("a", 1)
        return "remembered"

    with pytest.raises(UsageError, match="exclusive handler"):
        await in_handler(lambda: output_of(RestateAgent(agent).run("?")))


async def test_toolset_of_the_application_can_be_wrapped_alone(counting: Counting) -> None:
    async def lookup(n: int) -> str:
        counting.add("lookup", n)
        return str(n)

    tools = RestateContextRunToolSet(FunctionToolset([lookup]), awaken.RunOptions())
    calls: Calls = [("lookup", {"n": 1}), ("lookup", {"n": 2})]
    agent = counting.agent(calls, returned, toolsets=[tools])

    assert (await agent.run("outside of handlers")).output == "1 | 2"
    assert await in_handler(lambda: output_of(RestateAgent(agent, auto_wrap_tools=True).run("?"))) == "1 | 2"
    assert counting.counts["lookup"] == 4
