"""Events of agents: which arrive where, and what a replay repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.errors import LocalProtocolError
from awaken.ext.pydantic import RestateAgent, restate_context

from tests.unchanged.agents.pydantic.handlers import Counting, in_handler, output_of
from tests.unchanged.agents.pydantic.scripted import returned

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from pydantic_ai import Agent

OF_MODELS = [
    "PartStartEvent",
    "PartEndEvent",
    "PartStartEvent",
    "FinalResultEvent",
    "PartDeltaEvent",
    "PartEndEvent",
]
OF_TOOLS = ["FunctionToolCallEvent", "FunctionToolResultEvent"]


def looking(counting: Counting, **options: Any) -> Agent[Any, Any]:
    """Return an agent with a durable tool, whose last answer has two words."""
    agent = counting.agent([("look", {})], "two words", **options)

    @agent.tool_plain
    async def look() -> str:
        return await restate_context().run_typed("look", lambda: counting.add("look", "seen"))

    return agent


class Events:
    """The names of events, by what handled them."""

    def __init__(self) -> None:
        self.live: list[str] = []

    async def __call__(self, run: Any, events: AsyncIterable[Any]) -> None:
        async for event in events:
            self.live.append(type(event).__name__)


@pytest.mark.parametrize("given_to", ["RestateAgent", "run"])
async def test_events_of_models_arrive_once_and_those_of_tools_in_each_replay(
    counting: Counting, given_to: str
) -> None:
    events = Events()
    given: dict[str, dict[str, Any]] = {"RestateAgent": {}, "run": {}}
    given[given_to]["event_stream_handler"] = events
    agent = RestateAgent(looking(counting), **given["RestateAgent"])

    output = await in_handler(lambda: output_of(agent.run("?", **given["run"])))

    assert output.strip() == "two words"
    assert [name for name in events.live if name not in OF_TOOLS] == OF_MODELS
    assert events.live.count("FunctionToolCallEvent") > 1
    assert counting.counts == {"model": 2, "look": 1}


async def test_events_of_wrapped_tools_arrive_once(counting: Counting) -> None:
    events = Events()
    agent = counting.agent([("plain", {"n": 1}), ("plain", {"n": 2})], "two words")

    @agent.tool_plain
    async def plain(n: int) -> int:
        return n

    await in_handler(
        lambda: output_of(RestateAgent(agent, event_stream_handler=events, auto_wrap_tools=True).run("?"))
    )
    assert [name for name in events.live if name in OF_TOOLS] == sorted(2 * OF_TOOLS)


async def test_handler_of_events_of_tools_may_use_the_context(counting: Counting) -> None:
    async def publish(run: Any, events: AsyncIterable[Any]) -> None:
        async for event in events:
            if type(event).__name__ in OF_TOOLS:
                await restate_context().run_typed(
                    f"publish {event.part.tool_call_id}", lambda: counting.add("run", 1)
                )

    agent = counting.agent([("plain", {"n": n}) for n in range(5)], returned)

    @agent.tool_plain
    def plain(n: int) -> int:
        return n

    output = await in_handler(lambda: output_of(RestateAgent(agent, event_stream_handler=publish).run("?")))
    assert output.strip() == "0 | 1 | 2 | 3 | 4"
    assert counting.counts == {"model": 2, "run": 10}


async def test_handler_of_events_of_models_may_not_use_the_context(counting: Counting) -> None:
    async def publish(run: Any, events: AsyncIterable[Any]) -> None:
        await restate_context().run_typed("publish", lambda: None)

    with pytest.raises(LocalProtocolError, match='inside the run "Model stream call"'):
        await in_handler(
            lambda: output_of(RestateAgent(looking(counting), event_stream_handler=publish).run("?"))
        )


async def test_handler_that_fails_has_the_request_repeated(counting: Counting) -> None:
    async def publish(run: Any, events: AsyncIterable[Any]) -> None:
        async for _ in events:
            if counting.add("event", 1) and counting.counts["event"] == 1:
                raise OSError("nobody listens")

    options: awaken.RunOptions[Any] = awaken.RunOptions(max_attempts=3, initial_retry_interval=0.001)
    agent = RestateAgent(counting.agent("two words"), event_stream_handler=publish, run_options=options)
    assert (await in_handler(lambda: output_of(agent.run("?")))).strip() == "two words"
    assert counting.counts["model"] == 2


async def test_handler_that_stops_reading_loses_only_events(counting: Counting) -> None:
    async def publish(run: Any, events: AsyncIterable[Any]) -> None:
        async for _ in events:
            break

    agent = RestateAgent(looking(counting), event_stream_handler=publish)
    assert (await in_handler(lambda: output_of(agent.run("?")))).strip() == "two words"


# ------------------------------------------------------------ streams that the handler reads


async def test_stream_of_text_is_the_same_in_each_replay(counting: Counting) -> None:
    texts: list[list[str]] = []

    async def work() -> Any:
        texts.append([])
        async with RestateAgent(looking(counting)).run_stream("?") as stream:
            async for text in stream.stream_text(debounce_by=None):
                texts[-1].append(text)
                await restate_context().run_typed("publish", lambda: counting.add("publish", None))
        return stream.usage.requests

    assert await in_handler(work) == 2
    assert [text for text in texts if text][-1] == ["two words "]
    assert counting.counts == {"model": 2, "look": 1, "publish": 1}


async def test_events_that_the_handler_reads_are_the_same_in_each_replay(counting: Counting) -> None:
    async def work() -> Any:
        names = []
        async with RestateAgent(looking(counting)).run_stream_events("?") as events:
            async for event in events:
                names.append(type(event).__name__)
                await restate_context().run_typed(names[-1], lambda: None)
        return names

    whole = [name for name in OF_MODELS if name != "PartDeltaEvent"]
    assert await in_handler(work) == [*whole[:2], *OF_TOOLS, *whole[2:], "AgentRunResultEvent"]
    assert counting.counts == {"model": 2, "look": 1}


async def test_nodes_of_a_run_are_durable(counting: Counting) -> None:
    async def work() -> Any:
        names = []
        async with RestateAgent(looking(counting)).iter("?") as run:
            async for node in run:
                names.append(type(node).__name__)
                await restate_context().run_typed(names[-1], lambda: None)
        assert run.result is not None
        return [run.result.output, *names]

    turn = ["ModelRequestNode", "CallToolsNode"]
    assert await in_handler(work) == ["two words", "UserPromptNode", *turn, *turn, "End"]
    assert counting.counts == {"model": 2, "look": 1}
