"""Tool calls that are runs as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic_ai.tools import AgentDepsT
from pydantic_ai.toolsets.wrapper import WrapperToolset

from awaken.ext.pydantic.outcome import OUTCOME, Outcome, outcome_of
from awaken.ext.pydantic.scope import durable_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic_ai.tools import RunContext
    from pydantic_ai.toolsets.abstract import AbstractToolset, ToolsetTool

    from awaken.context.runs import RunOptions

__all__ = ["RestateContextRunToolSet"]


class RestateContextRunToolSet(WrapperToolset[AgentDepsT]):
    """A toolset whose calls are runs: a replay takes their results from the journal.

    `RestateAgent(..., auto_wrap_tools=True)` wraps the tools of its agent with this. Such a tool is one side effect:
    durable operations are not possible in it.

    Args:
        wrapped: the tools.
        run_options: how often a failing call is repeated. Its serde and type hint are not used.
    """

    def __init__(self, wrapped: AbstractToolset[AgentDepsT], run_options: RunOptions[Any]) -> None:
        super().__init__(wrapped)
        self._options = replace(run_options, serde=OUTCOME, type_hint=None)

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[AgentDepsT], tool: ToolsetTool[AgentDepsT]
    ) -> Any:
        """Call the tool in a run named `Calling <name>`.

        What its result is made of is what JSON keeps: a model or dataclass becomes a dict, as the model reads it.

        Raises:
            TerminalError: the tool raised it, or failed as often as the run options allow.
        """
        context = durable_context()
        if context is None:
            return await self.wrapped.call_tool(name, tool_args, ctx, tool)

        async def call() -> Outcome:
            return await outcome_of(self.wrapped.call_tool(name, tool_args, ctx, tool))

        outcome = await context.run_typed(f"Calling {name}", call, self._options)
        return outcome.unwrap()

    def _around(self, wrapped: AbstractToolset[AgentDepsT]) -> RestateContextRunToolSet[AgentDepsT]:
        return RestateContextRunToolSet(wrapped, self._options)

    async def for_run(self, ctx: RunContext[AgentDepsT]) -> AbstractToolset[AgentDepsT]:
        """Return this toolset around that of the run."""
        wrapped = await self.wrapped.for_run(ctx)
        return self if wrapped is self.wrapped else self._around(wrapped)

    async def for_run_step(self, ctx: RunContext[AgentDepsT]) -> AbstractToolset[AgentDepsT]:
        """Return this toolset around that of the next request."""
        wrapped = await self.wrapped.for_run_step(ctx)
        return self if wrapped is self.wrapped else self._around(wrapped)

    def visit_and_replace(
        self, visitor: Callable[[AbstractToolset[AgentDepsT]], AbstractToolset[AgentDepsT]]
    ) -> AbstractToolset[AgentDepsT]:
        """Return this toolset itself: its calls are durable already."""
        return self
