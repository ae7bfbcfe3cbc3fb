"""What replays have to repeat."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ToolRetryMiddleware
from langchain.agents.structured_output import ToolStrategy
from langchain_core.messages import HumanMessage, ToolMessage, messages_to_dict
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.func import entrypoint, task
from langgraph.types import Command

from tests.unchanged.agents.langchain.basics import Forecast, Note, Refusal, question, texts
from tests.unchanged.agents.langchain.kit import agent, result_of
from tests.unchanged.agents.langchain.scripted import Scripted, asks, call, says
from tests.unchanged.agents.langchain.sdk import RestateMiddleware, restate
from tests.unchanged.agents.langchain.tools import TOOLS, weather


@tool
async def rename(name: str, tool_call_id: Annotated[str, InjectedToolCallId]) -> Command[Any]:
    """Update the state of the graph."""
    return Command(update={"messages": [ToolMessage(f"now {name}", tool_call_id=tool_call_id)]})


async def test_messages_have_the_same_ids_in_each_replay() -> None:
    seen = []

    async def body(ctx: Any) -> int:
        made = agent(
            asks(call("weather", "c1", city="Rome"), call("rename", "c2", name="Ada")),
            asks(call("Forecast", city="Rome")),
            tools=[rename],
            response_format=ToolStrategy(Forecast),
        )
        result = await made.ainvoke({"messages": [HumanMessage("?", id=str(ctx.uuid()))]})
        seen.append(messages_to_dict(result["messages"]))
        ctx.set("history", seen[-1])  # another value would be a journal mismatch
        await ctx.sleep(timedelta(milliseconds=1))
        return len(result["messages"])

    assert await result_of(body) == 6
    assert len(seen) > 1
    assert all(history == seen[0] for history in seen)
    assert len({message["data"]["id"] for message in seen[0]}) == 6


async def test_history_with_messages_of_other_middleware_is_the_same_if_a_run_stores_it() -> None:
    async def body(ctx: Any) -> int:
        retry = ToolRetryMiddleware(max_retries=0)
        made = agent(asks(call("fail", kind="value")), says("."), middleware=[retry])
        result = await made.ainvoke(question())
        history = await ctx.run_typed("history", messages_to_dict, restate.RunOptions(), result["messages"])
        ctx.set("history", history)
        await ctx.sleep(timedelta(milliseconds=1))
        return len(history)

    assert await result_of(body) == 4


@pytest.mark.parametrize(
    ("wanted", "answer", "expected"),
    [
        (Forecast, asks(call("Forecast", city="Rome")), Forecast(city="Rome")),
        (Note, asks(call("Note", text="ü")), Note("ü")),
        (ToolStrategy(Forecast | Refusal), asks(call("Refusal", reason="no")), Refusal(reason="no")),
        (ToolStrategy(Forecast | Refusal), asks(call("Forecast", city="Bern")), Forecast(city="Bern")),
        (
            ToolStrategy({"title": "Plain", "type": "object", "properties": {"a": {"type": "integer"}}}),
            asks(call("Plain", a=1)),
            {"a": 1},
        ),
    ],
    ids=["model", "dataclass", "union", "other of union", "schema"],
)
async def test_structured_response_has_the_type_of_the_format(
    wanted: Any, answer: Any, expected: Any
) -> None:
    seen = []

    async def body(ctx: Any) -> None:
        result = await agent(answer, response_format=wanted).ainvoke(question())
        seen.append(result["structured_response"])
        await ctx.sleep(timedelta(milliseconds=1))

    await result_of(body)

    assert len(seen) > 1
    assert seen == [expected] * len(seen)


async def test_usage_metadata_survives() -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}

    async def body(ctx: Any) -> Any:
        result = await agent(says(".", usage_metadata=usage)).ainvoke(question())
        await ctx.sleep(timedelta(milliseconds=1))
        return result["messages"][-1].usage_metadata

    assert await result_of(body) == usage


async def test_thirty_concurrent_tools_replay() -> None:
    async def body(ctx: Any) -> list[str]:
        calls = [call("nap", f"c{number}", ms=30 - number, label=str(number)) for number in range(30)]
        made = create_agent(
            Scripted(script=[asks(*calls), says(".")]),
            TOOLS,
            middleware=[RestateMiddleware(concurrent_tools=True)],
        )
        return texts(await made.ainvoke(question()))

    assert (await result_of(body))[2:-1] == [f"tool: slept {number}" for number in range(30)]


@pytest.mark.parametrize("concurrent_tools", [True, False])
async def test_agent_in_the_action_of_a_run_is_journaled_whole(concurrent_tools: bool) -> None:
    asked = []

    @tool
    async def double(number: int) -> int:
        """Double a number."""
        asked.append(number)
        return 2 * number

    twice = asks(call("double", "c1", number=1), call("double", "c2", number=2))

    async def body(ctx: Any) -> list[str]:
        made = agent(twice, says("done"), tools=[double], concurrent_tools=concurrent_tools)

        async def whole() -> list[str]:
            return texts(await made.ainvoke(question()))

        said: list[str] = await ctx.run_typed("agent", whole)
        await ctx.sleep(timedelta(milliseconds=1))
        return said

    assert (await result_of(body))[2:] == ["tool: 2", "tool: 4", "ai: done"]
    assert sorted(asked) == [1, 2]


@task
async def look_up(number: int) -> Any:
    return await weather.ainvoke({"city": str(number)})


@entrypoint()
async def tour(numbers: list[int]) -> list[str]:
    places = [look_up(number) for number in numbers]
    return [await place for place in places]


async def test_functions_of_langgraph_run_side_by_side() -> None:
    """The official SDK waits for ever here when several results arrive at once, as on the embedded runtime."""

    async def body(ctx: Any) -> Any:
        return await tour.ainvoke([1, 2, 3])

    assert await result_of(body) == ["sunny in 1", "sunny in 2", "sunny in 3"]
