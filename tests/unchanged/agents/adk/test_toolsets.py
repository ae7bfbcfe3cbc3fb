"""Tools that know nothing of handlers."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.ext.adk import DurableToolset, restate_context
from awaken.testing import open_environment
from google.adk.apps.app import EventsCompactionConfig
from google.adk.sessions import InMemorySessionService
from google.adk.tools.base_toolset import BaseToolset
from google.adk.tools.function_tool import FunctionTool
from google.adk.tools.mcp_tool import McpToolset, StdioConnectionParams
from google.adk.tools.tool_context import ToolContext  # noqa: TC002  # ADK reads the annotations of tools
from mcp import StdioServerParameters

from tests.unchanged.agents.adk.applications import (
    APP,
    Application,
    agent,
    events_of,
    models,
    results_of,
    runner,
    say_all,
)
from tests.unchanged.agents.adk.scripted import note, notes, say, use

if TYPE_CHECKING:
    from google.adk.tools.base_tool import BaseTool


class Numbers(BaseToolset):
    """A toolset in this process."""

    is_closed = False

    def __init__(self, *tools: Any) -> None:
        super().__init__(tool_name_prefix="numbers")
        self._tools = [FunctionTool(tool) for tool in tools]

    async def get_tools(self, readonly_context: Any = None) -> list[BaseTool]:
        return list(self._tools)

    async def close(self) -> None:
        self.is_closed = True


async def test_durable_toolset_calls_each_tool_once(calls: Path) -> None:
    async def double(number: int, tool_context: ToolContext) -> int:
        """Double a number."""
        note("double", number)
        tool_context.state["last"] = number
        return 2 * number

    numbers = DurableToolset(Numbers(double), run_options=awaken.RunOptions(type_hint=timedelta))
    asked = use(*[("numbers_double", {"number": number}) for number in (1, 2)])
    running = runner(agent(asked, say("done"), tools=[numbers]))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        events = await events_of(running, ctx, message)
        return [call.response for event in events for call in event.get_function_responses()]

    application = Application(handle)
    async with open_environment(application.app, always_replay=True) as env:
        assert await application.call(env) == [{"result": 2}, {"result": 4}]
        assert env.state("Chat", "ada")["session_store::chat"]["state"] == {"last": 2}
    assert [each for each in notes(calls) if each[0] == "double"] == [["double", 1], ["double", 2]]


async def test_durable_toolset_refuses_tools_with_a_context() -> None:
    async def wait() -> None:
        """Wait."""
        await restate_context().awakeable()

    running = runner(agent(use(("numbers_wait", {})), tools=[DurableToolset(Numbers(wait))]))
    application = Application(lambda ctx, message: say_all(running, ctx, message))

    async with open_environment(application.app) as env:
        with pytest.raises(Exception, match='inside the run "numbers_wait"'):
            await application.call(env)


async def test_durable_toolset_closes_the_other() -> None:
    inner = Numbers()

    await DurableToolset(inner).close()

    assert inner.is_closed


# Of fastmcp, if another test of this process has imported it.
@pytest.mark.filterwarnings("ignore:Accessing `.*` is deprecated; MCP SDK v2")
@pytest.mark.slow
async def test_tools_of_an_mcp_server(tmp_path: Path) -> None:
    log = tmp_path / "sums"
    server = StdioServerParameters(
        command=sys.executable, args=[str(Path(__file__).with_name("mcp_server.py")), str(log)]
    )
    remote = McpToolset(connection_params=StdioConnectionParams(server_params=server, timeout=20))
    tools = DurableToolset(remote)

    def result(request: Any) -> Any:
        return say(str(request.contents[-1].parts[0].function_response.response["structuredContent"]))

    running = runner(agent(use(("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4})), result, tools=[tools]))
    application = Application(lambda ctx, message: say_all(running, ctx, message))
    try:
        async with open_environment(application.app) as env:
            assert await application.call(env) == ["{'result': 3}"]
    finally:
        await tools.close()

    assert log.read_text().splitlines() == ["1 + 2", "3 + 4"]


@pytest.mark.filterwarnings("ignore:.*EXPERIMENTAL.*:UserWarning")
async def test_agent_in_the_action_of_a_run_is_journaled_whole(calls: Path) -> None:
    async def double(number: int) -> int:
        """Double a number."""
        return 2 * number

    asked = use(*[("numbers_double", {"number": number}) for number in (1, 2)])
    running = runner(
        agent(asked, say("done"), tools=[DurableToolset(Numbers(double))]),
        service=InMemorySessionService(),
        events_compaction_config=EventsCompactionConfig(compaction_interval=1, overlap_size=0),
    )

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        async def whole() -> Any:
            session = await running.session_service.create_session(app_name=APP, user_id="ada")
            events = await events_of(running, ctx, message, session.id)
            return [call.response for event in events for call in event.get_function_responses()]

        said = await ctx.run_typed("agent", whole)
        await ctx.sleep(timedelta(milliseconds=1))
        return said

    assert await results_of(handle) == [[{"result": 2}, {"result": 4}]]
    assert models(calls) == [["agent", 0], ["agent", 1], ["agent", 0]]  # the last one is the summary
