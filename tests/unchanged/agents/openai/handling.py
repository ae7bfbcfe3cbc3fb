"""Handlers of a test, run by the test kit: they suspend at each wait, and replay their journal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
from agents import Agent
from awaken.ext.openai import DurableRunner, durable_function_tool, restate_context
from awaken.testing import open_environment

from tests.unchanged.agents.openai.scripted import ScriptedModel, first_then_report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from agents.items import TResponseOutputItem


@durable_function_tool
async def nap(label: str = "it") -> str:
    """Sleep for a moment."""
    await restate_context().sleep(timedelta(milliseconds=1))
    return f"{label} slept"


async def answer_of(
    handle: Callable[[awaken.Context], Awaitable[Any]], *, always_replay: bool = True, retries: bool = False
) -> Any:
    """Run a handler of a service.

    Args:
        handle: the handler.
        always_replay: whether each wait suspends it.
        retries: whether failed attempts are repeated.
    """
    service = awaken.Service("Agents")

    @service.handler()
    async def ask(ctx: awaken.Context) -> Any:
        return await handle(ctx)

    async with open_environment(awaken.app([service]), always_replay=always_replay, retries=retries) as env:
        return await env.client.service_call(ask, None)


async def report_of(
    tools: list[Any],
    *tool_calls: TResponseOutputItem,
    always_replay: bool = True,
    retries: bool = False,
    **arguments: Any,
) -> Any:
    """Run an agent whose model calls tools in one turn and then says what they returned, with ` | ` between."""
    agent = Agent(name="A", model=ScriptedModel(first_then_report(*tool_calls)), tools=tools)

    async def handle(ctx: awaken.Context) -> Any:
        return (await DurableRunner.run(agent, "go", **arguments)).final_output

    return await answer_of(handle, always_replay=always_replay, retries=retries)
