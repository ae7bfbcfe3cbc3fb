"""Tools that are not made for handlers, with their results in the journal."""

from __future__ import annotations

import copy
import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from google.adk.events.event_actions import EventActions
from google.adk.tools.base_toolset import BaseToolset

from awaken.context.runs import RunOptions
from awaken.ext.contexts import is_in_run, restate_context
from awaken.serde import DefaultSerde

if TYPE_CHECKING:
    from google.adk.agents.readonly_context import ReadonlyContext
    from google.adk.auth.auth_tool import AuthConfig
    from google.adk.models.llm_request import LlmRequest
    from google.adk.tools.base_tool import BaseTool
    from google.adk.tools.tool_context import ToolContext

__all__ = ["DurableToolset"]


class DurableToolset(BaseToolset):
    """Runs each tool of another toolset in a run with the name of the tool.

    This is for tools that know nothing of handlers, as those of an `McpToolset` or of an OpenAPI document. Their
    results have to have a JSON form. Tools that use `restate_context()` must not be among them.

    Args:
        inner: the toolset.
        run_options: how often a tool that fails is repeated. By default, the runtime's retry policy applies. Their
            serde and type hint are not used.
    """

    def __init__(self, inner: BaseToolset, *, run_options: RunOptions[Any] | None = None) -> None:
        super().__init__()
        self._inner = inner
        self._run_options = replace(run_options or RunOptions(), serde=DefaultSerde(), type_hint=None)

    async def get_tools(self, readonly_context: ReadonlyContext | None = None) -> list[BaseTool]:
        """Return the tools of the other toolset, durable."""
        return [self._durable(tool) for tool in await self._inner.get_tools_with_prefix(readonly_context)]

    async def process_llm_request(self, *, tool_context: ToolContext, llm_request: LlmRequest) -> None:
        """Let the other toolset change the request to the model."""
        await self._inner.process_llm_request(tool_context=tool_context, llm_request=llm_request)

    async def close(self) -> None:
        """Close the other toolset."""
        await self._inner.close()

    def get_auth_config(self) -> AuthConfig | None:
        """Return what the other toolset needs to authenticate."""
        return self._inner.get_auth_config()

    def _durable(self, tool: BaseTool) -> BaseTool:
        durable = copy.copy(tool)
        durable.run_async = functools.partial(self._run, tool)  # type: ignore[method-assign]
        return durable

    async def _run(self, tool: BaseTool, *, args: dict[str, Any], tool_context: ToolContext) -> Any:
        context = restate_context()
        if is_in_run():
            return await tool.run_async(args=args, tool_context=tool_context)

        async def act() -> dict[str, Any]:
            result = await tool.run_async(args=args, tool_context=tool_context)
            return {"result": result, "actions": tool_context.actions.model_dump(mode="json")}

        done = await context.run_typed(tool.name, act, self._run_options)
        actions = EventActions.model_validate(done["actions"])  # a replay has to do these as well
        for name in EventActions.model_fields:
            setattr(tool_context.actions, name, getattr(actions, name))
        return done["result"]
