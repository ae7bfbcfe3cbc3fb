"""What type checkers know about agents of Pydantic AI in handlers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_type

from awaken.ext.pydantic import PydanticTypeAdapter, RestateAgent
from pydantic_ai import Agent, RunContext
from pydantic_ai.run import AgentRun, AgentRunResult

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from awaken.context import ObjectContext
    from pydantic_ai import AgentStreamEvent


@dataclass
class City:
    name: str


agent = RestateAgent(Agent("test", deps_type=int, output_type=City))
assert_type(agent, RestateAgent[int, City])


async def watch(run: RunContext[int], events: AsyncIterable[AgentStreamEvent]) -> None: ...


async def handler(ctx: ObjectContext) -> None:
    assert_type(await agent.run("?", deps=1), AgentRunResult[City])
    assert_type((await agent.run("?", deps=1, output_type=str)).output, str)
    async with agent.iter("?", deps=1) as run:
        assert_type(run, AgentRun[int, City])
    async with agent.run_stream("?", deps=1, event_stream_handler=watch) as stream:
        assert_type(await stream.get_output(), City)
    assert_type(await ctx.get("cities", serde=PydanticTypeAdapter(list[City])), list[City] | None)


async def mistakes() -> None:
    await agent.run("?", deps="no number")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    RestateAgent(agent, auto_wrap=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
