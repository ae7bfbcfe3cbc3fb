"""Tools of MCP servers: what they answer is in the journal, because nobody could put a run around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agents import FunctionTool
from agents.tool import ToolOriginType, get_function_tool_origin

from awaken.errors import InvocationCancelledError
from awaken.ext.contexts import restate_context
from awaken.ext.openai.unwinding import Unwinding, current_run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from agents import Tool
    from agents.tool_context import ToolContext

__all__ = ["journal_mcp_tools"]


class _JournaledCall:
    """Calls a tool in a run."""

    def __init__(self, name: str, invoke: Callable[[ToolContext[Any], str], Awaitable[Any]]) -> None:
        self._name = name
        self._invoke = invoke

    async def __call__(self, context: ToolContext[Any], arguments: str) -> Any:
        if current_run() is None:
            return await self._invoke(context, arguments)

        async def call() -> Any:
            return await self._invoke(context, arguments)

        try:
            return await restate_context().run_typed(f"call MCP tool {self._name}", call)
        except InvocationCancelledError as error:
            raise Unwinding(error) from None


def journal_mcp_tools(tools: Iterable[Tool]) -> None:
    """Let the calls of tools that belong to MCP servers be runs. The framework makes these tools for each turn.

    An error that the framework would tell the model is told from the journal, too. If it is to be raised, because there
    is no `failure_error_function`, the call is retried.

    Args:
        tools: those of an agent. Others than of MCP servers stay as they are.
    """
    for tool in tools:
        if not isinstance(tool, FunctionTool) or isinstance(tool.on_invoke_tool, _JournaledCall):
            continue
        origin = get_function_tool_origin(tool)
        if origin is not None and origin.type is ToolOriginType.MCP:
            tool.on_invoke_tool = _JournaledCall(tool.name, tool.on_invoke_tool)
