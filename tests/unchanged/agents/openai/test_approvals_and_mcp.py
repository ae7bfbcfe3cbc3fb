"""Approvals of the framework, and tools of MCP servers, in handlers that suspend and replay at each wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import awaken
import pytest
from agents import (
    Agent,
    RunState,
    function_tool,
)
from agents.mcp import MCPServer
from awaken.ext.openai import DurableRunner, restate_context
from awaken.testing import open_environment
from mcp.types import CallToolResult, TextContent
from mcp.types import Tool as MCPTool

from tests.unchanged.agents.openai.handling import answer_of, nap
from tests.unchanged.agents.openai.scripted import ScriptedModel, calls, first_then_report

# ------------------------------------------------------------ approvals of the framework


@function_tool(needs_approval=True)
async def pay(amount: int) -> str:
    """Pay."""
    return await restate_context().run_typed("pay", lambda: f"paid {amount}")


@pytest.mark.parametrize("decision", ["yes", "no"])
async def test_approval_of_the_framework_waits_for_an_awakeable(decision: str) -> None:
    service = awaken.Service("Agents")

    @service.handler()
    async def ask(ctx: awaken.Context) -> str:
        agent = Agent(name="A", model=ScriptedModel(first_then_report(calls("pay", amount=5))), tools=[pay])
        result = await DurableRunner.run(agent, "go")
        while result.interruptions:
            state = result.to_state()
            for item in result.interruptions:
                if await ctx.awakeable(type_hint=str, name="decision").future == "yes":
                    state.approve(item)
                else:
                    state.reject(item, rejection_message="not today")
            result = await DurableRunner.run(agent, state)
        return str(result.final_output)

    async with open_environment(awaken.app([service]), always_replay=True) as env:
        sent = await env.client.service_send(ask, None)
        await env.awakeable("decision").resolve(decision)
        told = await env.client.attach(sent.invocation_id)

    assert told == ("paid 5" if decision == "yes" else "not today")


async def test_approval_of_the_framework_in_another_invocation() -> None:
    """The state of the interrupted run is JSON, and is kept in the state of an object until somebody decides."""
    chats = awaken.VirtualObject("Chats")
    agent = Agent(name="A", model=ScriptedModel(first_then_report(calls("pay", amount=5))), tools=[pay])

    @chats.handler()
    async def ask(ctx: awaken.ObjectContext) -> list[str]:
        result = await DurableRunner.run(agent, "go")
        ctx.set("waiting", result.to_state().to_json())
        return [item.name or "" for item in result.interruptions]

    @chats.handler()
    async def approve(ctx: awaken.ObjectContext) -> str:
        state: RunState[Any] = await RunState.from_json(
            agent, await ctx.get("waiting", type_hint=dict[str, Any]) or {}
        )
        for item in state.get_interruptions():
            state.approve(item)
        return str((await DurableRunner.run(agent, state)).final_output)

    async with open_environment(awaken.app([chats]), always_replay=True) as env:
        assert await env.client.object_call(ask, "ada", None) == ["pay"]
        assert await env.client.object_call(approve, "ada", None) == "paid 5"


# ------------------------------------------------------------ MCP


class Server(MCPServer):
    """An MCP server in this process."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.called: list[str] = []

    @property
    def name(self) -> str:
        return "house"

    async def connect(self) -> None: ...

    async def cleanup(self) -> None: ...

    async def list_tools(self, *_: Any, **__: Any) -> list[MCPTool]:
        schema = {"type": "object", "properties": {"text": {"type": "string"}}}
        return [MCPTool(name="echo", description="Echo.", input_schema=schema)]

    async def call_tool(
        self, tool_name: str, arguments: dict[str, Any] | None, meta: Any = None
    ) -> CallToolResult:
        self.called.append(tool_name)
        if (arguments or {}).get("text") == "fail":
            raise ValueError("broken")
        return CallToolResult(
            content=[TextContent(type="text", text=f"echo {(arguments or {}).get('text')}")]
        )

    async def list_prompts(self) -> Any: ...

    async def get_prompt(self, name: str, arguments: dict[str, Any] | None = None) -> Any: ...


def echoing(server: MCPServer, text: str = "ü") -> Agent[Any]:
    model = ScriptedModel(first_then_report(calls("echo", text=text), calls("nap", label="it")))
    return Agent(name="A", model=model, tools=[nap], mcp_servers=[server])


@pytest.mark.parametrize("place", ["agent", "handoff", "tool"])
async def test_replays_call_no_tool_of_an_mcp_server(place: str) -> None:
    server = Server()
    agent = echoing(server)

    async def handle(ctx: awaken.Context) -> Any:
        front = Agent(name="front", model=ScriptedModel(lambda _: [calls("transfer_to_a")]), handoffs=[agent])
        boss = Agent(
            name="boss",
            model=ScriptedModel(first_then_report(calls("inner", input="x"))),
            tools=[agent.as_tool("inner", "")],
        )
        start = {"agent": agent, "handoff": front, "tool": boss}[place]
        return (await DurableRunner.run(start, "go")).final_output

    told = await answer_of(handle)

    assert "echo ü" in told
    assert told.endswith("it slept")
    assert server.called == ["echo"]


async def test_errors_of_an_mcp_server_are_told_from_the_journal() -> None:
    server = Server()

    async def handle(ctx: awaken.Context) -> Any:
        return (await DurableRunner.run(echoing(server, "fail"), "go")).final_output

    assert (await answer_of(handle)).startswith("An error occurred")
    assert server.called == ["echo"]


@pytest.mark.parametrize("is_handed_over", [False, True])
@pytest.mark.parametrize("is_serialized", [False, True])
async def test_approved_tool_of_an_mcp_server_is_called_once(
    is_serialized: bool, is_handed_over: bool
) -> None:
    server = Server(require_approval="always")

    async def handle(ctx: awaken.Context) -> Any:
        agent = echoing(server)
        if is_handed_over:
            agent = Agent(
                name="front", model=ScriptedModel(lambda _: [calls("transfer_to_a")]), handoffs=[agent]
            )
        result = await DurableRunner.run(agent, "go")
        state = result.to_state()
        if is_serialized:
            state = await RunState.from_json(agent, state.to_json())
        for item in state.get_interruptions():
            await ctx.sleep(timedelta(milliseconds=1))
            state.approve(item)
        return (await DurableRunner.run(agent, state)).final_output

    assert "echo ü" in await answer_of(handle)
    assert server.called == ["echo"]
