"""Tools of MCP servers, whose lists and results are in the journal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import TypeAdapter
from pydantic_ai.messages import InstructionPart
from pydantic_ai.tools import AgentDepsT, ToolDefinition
from pydantic_ai.toolsets.abstract import ToolsetTool
from pydantic_ai.toolsets.wrapper import WrapperToolset

from awaken.ext.pydantic.outcome import Outcome, outcome_of
from awaken.ext.pydantic.scope import durable_context
from awaken.ext.pydantic.serde import PydanticTypeAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic_ai.mcp import MCPToolset
    from pydantic_ai.tools import RunContext
    from pydantic_ai.toolsets.abstract import AbstractToolset

    from awaken.context.runs import RunOptions

__all__ = ["DurableMCPToolset"]


@dataclass(frozen=True)
class Listed:
    """The tools that a server had, by name."""

    output: dict[str, ToolDefinition]


@dataclass(frozen=True)
class Called:
    """What a tool of a server returned, or another way in which its call ended."""

    output: Any
    ended: Outcome | None = None


LISTED: Final = PydanticTypeAdapter(Listed)
CALLED: Final = PydanticTypeAdapter(Called)
INSTRUCTIONS: Final = PydanticTypeAdapter(list[str | InstructionPart])
#: The server checks its arguments itself.
ARGUMENTS: Final = TypeAdapter(dict[str, Any])


class DurableMCPToolset(WrapperToolset[AgentDepsT]):
    """An MCP server that is asked in runs only: a replay neither asks nor connects.

    Each run connects, unless something else keeps the connection open, such as `async with agent:` around the
    application.

    Args:
        wrapped: the server.
        run_options: how often a failing request is repeated. Its serde and type hint are not used.
    """

    def __init__(self, wrapped: MCPToolset[AgentDepsT], run_options: RunOptions[Any]) -> None:
        super().__init__(wrapped)
        self._server = wrapped
        self._run_options = run_options

    @property
    def id(self) -> str | None:
        """The id of the server."""
        return self._server.id

    async def __aenter__(self) -> Self:
        """Return itself; each run connects."""
        return self

    async def __aexit__(self, *args: Any) -> bool | None:
        """Do nothing."""
        return None

    async def for_run(self, ctx: RunContext[AgentDepsT]) -> AbstractToolset[AgentDepsT]:
        """Return this toolset around that of the run."""
        wrapped = await self._server.for_run(ctx)
        return self if wrapped is self._server else DurableMCPToolset(wrapped, self._run_options)

    async def for_run_step(self, ctx: RunContext[AgentDepsT]) -> AbstractToolset[AgentDepsT]:
        """Return itself: a server does not change between requests."""
        return self

    async def get_instructions(
        self, ctx: RunContext[AgentDepsT]
    ) -> str | InstructionPart | Sequence[str | InstructionPart] | None:
        """Ask the server for instructions, in a run named `get mcp instructions`, if the agent wants them."""
        if not getattr(self._server, "include_instructions", False):
            return None

        async def ask() -> list[str | InstructionPart]:
            async with self._server:
                instructions = await self._server.get_instructions(ctx)
            return [] if instructions is None else [instructions]

        context = durable_context()
        if context is None:
            return await ask()
        options = replace(self._run_options, serde=INSTRUCTIONS, type_hint=None)
        return await context.run_typed("get mcp instructions", ask, options)

    async def get_tools(self, ctx: RunContext[AgentDepsT]) -> dict[str, ToolsetTool[AgentDepsT]]:
        """List the tools of the server, in a run named `get mcp tools`.

        Raises:
            TerminalError: the server failed as often as the run options allow.
        """

        async def ask() -> Listed:
            async with self._server:
                tools = await self._server.get_tools(ctx)
            return Listed({name: tool.tool_def for name, tool in tools.items()})

        context = durable_context()
        if context is None:
            listed = await ask()
        else:
            options = replace(self._run_options, serde=LISTED, type_hint=None)
            listed = await context.run_typed("get mcp tools", ask, options)
        retries = self._server.max_retries
        return {
            name: ToolsetTool(
                toolset=self,
                tool_def=definition,
                max_retries=ctx.max_retries if retries is None else retries,
                args_validator=ARGUMENTS.validator,  # type: ignore[arg-type]  # Pydantic hides its validator's type
            )
            for name, definition in listed.output.items()
        }

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[AgentDepsT], tool: ToolsetTool[AgentDepsT]
    ) -> Any:
        """Call a tool of the server, in a run named `Calling mcp tool <name>`.

        Raises:
            TerminalError: the server failed as often as the run options allow.
        """

        async def ask() -> Called:
            async with self._server:
                outcome = await outcome_of(self._server.call_tool(name, tool_args, ctx, tool))
            return Called(outcome.output) if outcome.kind == "output" else Called(None, outcome)

        context = durable_context()
        if context is None:
            async with self._server:
                return await self._server.call_tool(name, tool_args, ctx, tool)
        options = replace(self._run_options, serde=CALLED, type_hint=None)
        called = await context.run_typed(f"Calling mcp tool {name}", ask, options)
        return (called.ended or Outcome("output", called.output)).unwrap()

    def visit_and_replace(
        self, visitor: Callable[[AbstractToolset[AgentDepsT]], AbstractToolset[AgentDepsT]]
    ) -> AbstractToolset[AgentDepsT]:
        """Return this toolset itself: it is durable already."""
        return self
