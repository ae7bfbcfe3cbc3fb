"""Runs bodies of handlers with agents, suspending at every wait: ours, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken.testing import open_environment
from langchain.agents import create_agent

from tests.unchanged.agents.langchain.scripted import Scripted
from tests.unchanged.agents.langchain.sdk import RestateMiddleware, restate
from tests.unchanged.agents.langchain.tools import TOOLS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def result_of(body: Callable[[Any], Awaitable[Any]], **options: Any) -> Any:
    """Run this as a handler that suspends at every wait, and return its result."""
    objects = restate.VirtualObject("Objects")

    @objects.handler()
    async def run(ctx: restate.ObjectContext) -> Any:
        return await body(ctx)

    async with open_environment(restate.app([objects]), always_replay=True, **options) as env:
        return await env.client.object_call(run, "key", None)


def agent(
    *script: Any,
    tools: Any = (),
    middleware: Any = (),
    run_options: Any = None,
    concurrent_tools: bool = False,
    **options: Any,
) -> Any:
    return create_agent(
        Scripted(script=list(script)),
        [*TOOLS, *tools],
        middleware=[*middleware, RestateMiddleware(run_options, concurrent_tools=concurrent_tools)],
        **options,
    )
