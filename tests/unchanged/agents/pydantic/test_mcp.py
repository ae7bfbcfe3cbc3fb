"""Toolsets of MCP servers: their lists and results are in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.ext.pydantic import RestateAgent
from awaken.testing import Environment, crash_everywhere
from pydantic_ai.mcp import MCPToolset

from tests.unchanged.agents.crashes import CRASHES_LEAVE_WORK
from tests.unchanged.agents.pydantic.handlers import Counting, in_handler, output_of
from tests.unchanged.agents.pydantic.scripted import returned

if TYPE_CHECKING:
    from pydantic_ai import Agent

mcpserver = pytest.importorskip("mcp.server.mcpserver")


class Connections(MCPToolset[Any]):
    """A toolset that counts connections."""

    counting: Counting

    async def __aenter__(self) -> Any:
        if not self.is_running:
            self.counting.add("connect", None)
        return await super().__aenter__()


def serving(counting: Counting, *script: Any, **options: Any) -> Agent[Any, Any]:
    """Return an agent with a server in this process."""
    server: Any = mcpserver.MCPServer("calculator", instructions="Add it up.")

    @server.tool()  # type: ignore[untyped-decorator]
    def add(a: int, b: int) -> int:
        """Add."""
        return counting.add("add", a + b)

    @server.tool()  # type: ignore[untyped-decorator]
    def refuse() -> int:
        """Refuse."""
        raise mcpserver.exceptions.ToolError("no numbers today")

    toolset = Connections(server, id="calculator", **options)
    toolset.counting = counting
    return counting.agent(*script, toolsets=[toolset])


@pytest.mark.parametrize("wraps", [False, True])
async def test_server_is_asked_once_for_each_entry(counting: Counting, wraps: bool) -> None:
    agent = serving(counting, [("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4})], returned)

    assert await in_handler(lambda: output_of(RestateAgent(agent, auto_wrap_tools=wraps).run("?"))) == "3 | 7"

    # Two lists, one for each request to the model, and two calls.
    assert counting.counts == {"model": 2, "add": 2, "connect": 4}


async def test_connection_that_the_application_holds_is_used(counting: Counting) -> None:
    agent = RestateAgent(serving(counting, [("add", {"a": 1, "b": 2})], returned))
    async with agent:
        assert await in_handler(lambda: output_of(agent.run("?"))) == "3"


async def test_error_of_a_tool_is_told_to_the_model(counting: Counting) -> None:
    agent = serving(counting, [("refuse", {})], returned)
    assert "no numbers today" in await in_handler(lambda: output_of(RestateAgent(agent).run("?")))


async def test_instructions_of_the_server_reach_the_model(counting: Counting) -> None:
    seen: list[Any] = []

    def answer(messages: list[Any]) -> str:
        seen.append("Add it up." in messages[-1].instructions)
        return "seen"

    agent = serving(counting, answer, include_instructions=True)
    await in_handler(lambda: output_of(RestateAgent(agent).run("?")))
    assert seen == [True]


async def test_agent_outside_of_handlers_connects_as_well(counting: Counting) -> None:
    agent = serving(counting, [("add", {"a": 1, "b": 2})], returned)
    assert (await RestateAgent(agent).run("?")).output == "3"


@pytest.mark.timeout(60)
@CRASHES_LEAVE_WORK[0]
@CRASHES_LEAVE_WORK[1]
async def test_no_crash_changes_what_a_server_said(counting: Counting) -> None:
    service = awaken.Service("Calculator")
    agent = RestateAgent(serving(counting, [("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4})], returned))

    @service.handler()
    async def calculate(ctx: awaken.Context) -> Any:
        return (await agent.run("?")).output

    @crash_everywhere(app=service, max_positions=8)
    async def scenario(env: Environment) -> Any:
        return await env.client.service_call(calculate, None)

    await scenario()
