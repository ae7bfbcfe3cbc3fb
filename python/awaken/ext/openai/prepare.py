"""Makes agents durable, in place.

The framework asks a provider for models that have a name, and takes a model that is an object from the agent; tools of
MCP servers come from a method of the agent. The agents of a run are not known in advance: they are reached through
handoffs and tools. So each agent is changed itself, once. Outside of `DurableRunner.run` it works as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents import Agent, Handoff, Model

from awaken.ext.openai.mcp_tools import journal_mcp_tools
from awaken.ext.openai.models import durable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents import RunContextWrapper, Tool

__all__ = ["prepare"]


class _JournaledTools:
    """Replaces the method of an agent that lists the tools of its MCP servers.

    Args:
        agent: whose method it is. A shallow copy of the agent needs one of its own.
    """

    def __init__(self, agent: Agent[Any]) -> None:
        self.agent = agent

    async def __call__(self, context: RunContextWrapper[Any]) -> list[Tool]:
        tools = await type(self.agent).get_mcp_tools(self.agent, context)
        journal_mcp_tools(tools)
        return tools


def prepare(agent: Agent[Any]) -> None:
    """Make an agent durable, and the agents that it can reach as far as they can be seen.

    Args:
        agent: is changed in place.
    """
    seen: set[int] = set()
    pending = [agent]
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current.model, Model):
            current.model = durable(current.model)
        if current.mcp_servers:
            replaced = vars(current).get("get_mcp_tools")
            if not isinstance(replaced, _JournaledTools) or replaced.agent is not current:
                vars(current)["get_mcp_tools"] = _JournaledTools(current)
        pending.extend(_reachable(current))


def _reachable(agent: Agent[Any]) -> Iterator[Agent[Any]]:
    """Yield the agents of handoffs and tools. The framework keeps them in attributes of its own."""
    for each in agent.handoffs:
        reference = getattr(each, "_agent_ref", None) if isinstance(each, Handoff) else None
        target = each if reference is None else reference()
        if isinstance(target, Agent):
            yield target
    for tool in agent.tools:
        target = getattr(tool, "_agent_instance", None)
        if isinstance(target, Agent):
            yield target
