"""An agent whose runs in handlers survive crashes."""

from __future__ import annotations

import functools
import inspect
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic_ai import tool_manager
from pydantic_ai.agent import AbstractAgent, WrapperAgent
from pydantic_ai.output import OutputDataT
from pydantic_ai.tools import AgentDepsT

from awaken.context.runs import RunOptions
from awaken.errors import UsageError
from awaken.ext.pydantic import event_handlers
from awaken.ext.pydantic.durability import Durability
from awaken.ext.pydantic.failures import lasting_failures
from awaken.ext.pydantic.scope import durable_context
from awaken.ext.pydantic.telemetry import telemetry_of
from awaken.serde import DefaultSerde

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractContextManager

    from pydantic_ai.agent import AgentRun, EventStreamHandler

__all__ = ["RestateAgent"]

F = TypeVar("F")


def same_signature(method: F) -> Callable[[Callable[..., Any]], F]:
    """Give a method the signature, the types and the documentation of the one that it overrides.

    They are those of the installed version of Pydantic AI, which adds parameters from time to time.
    """

    def decorate(function: Callable[..., Any]) -> F:
        return cast("F", functools.wraps(cast("Callable[..., Any]", method))(function))

    return decorate


class RestateAgent(WrapperAgent[AgentDepsT, OutputDataT]):
    """An agent whose requests to its model are durable when it runs in a handler.

    Each request is a run, so a replay takes its answer from the journal. Tools are called in the handler, also in
    replays, and find its context with `restate_context()`: what they do with it is durable, and everything else they do
    happens again. Tool calls of one answer execute side by side, in the same order in every replay.

    An agent that the answers of its model have led nowhere, or to a limit, ends the invocation unless the handler
    catches the error: another attempt would get the same answers.

    Outside of handlers, and inside of runs, this is the wrapped agent.

    Args:
        wrapped: the agent. Its model may also be given later, to a run or with `override`.
        event_stream_handler: has the model stream, and receives the events of runs. Those of an answer arrive while the
            model answers, inside of the run, and only once. Those of tools arrive in the handler and again in replays,
            and `restate_context()` works for them; with `auto_wrap_tools` they arrive once, in runs of their own.
        auto_wrap_tools: execute each function tool in a run. Such a tool is one side effect and cannot use the context.
        run_options: how often a failing request is repeated, and a failing tool that is a run. The default is the
            retry policy of the runtime.
    """

    def __init__(
        self,
        wrapped: AbstractAgent[AgentDepsT, OutputDataT],
        *,
        event_stream_handler: EventStreamHandler[AgentDepsT] | None = None,
        auto_wrap_tools: bool = False,
        run_options: RunOptions[Any] | None = None,
    ) -> None:
        super().__init__(wrapped)
        self._event_stream_handler = event_stream_handler
        self._auto_wrap_tools = auto_wrap_tools
        self._run_options: RunOptions[Any] = RunOptions() if run_options is None else run_options

    @property
    def event_stream_handler(self) -> EventStreamHandler[AgentDepsT] | None:
        """The handler of the events of runs that are given no other."""
        return self._event_stream_handler or self.wrapped.event_stream_handler

    @same_signature(WrapperAgent[AgentDepsT, OutputDataT].iter)
    @asynccontextmanager
    async def iter(self, *args: Any, **arguments: Any) -> AsyncGenerator[AgentRun[AgentDepsT, Any]]:
        """Run the agent node by node."""
        async with self._iter(None, True, args, arguments) as run:
            yield run

    @same_signature(AbstractAgent[AgentDepsT, OutputDataT].run)
    async def run(self, *args: Any, **arguments: Any) -> Any:
        """Run the agent."""
        if arguments.pop("infer_name", True) and self.name is None:
            self._infer_name(inspect.currentframe())
        arguments["infer_name"] = False  # it would be that of a variable in this file
        handler = arguments.pop("event_stream_handler", None) or self.event_stream_handler
        if durable_context() is None or handler is None:
            unseen = _RunInHandler(self, None, is_observed=False)
            return await unseen.run(*args, event_stream_handler=handler, **arguments)
        if self._auto_wrap_tools:
            options = replace(self._run_options, serde=DefaultSerde(), type_hint=None)
            between = event_handlers.in_runs(handler, options)
        else:
            between = event_handlers.in_handler(handler)
        observed = _RunInHandler(self, handler, is_observed=not self._auto_wrap_tools)
        return await observed.run(*args, event_stream_handler=between, **arguments)

    @same_signature(AbstractAgent[AgentDepsT, OutputDataT].run_stream_events)
    def run_stream_events(self, *args: Any, **arguments: Any) -> Any:
        """Run the agent and iterate over its events."""
        if arguments.pop("infer_name", True) and self.name is None:
            self._infer_name(inspect.currentframe())
        arguments["infer_name"] = False
        return _RunInHandler(self, None, is_observed=True).run_stream_events(*args, **arguments)

    @same_signature(AbstractAgent[AgentDepsT, OutputDataT].run_sync)
    def run_sync(self, *args: Any, **arguments: Any) -> Any:
        """Run the agent from synchronous code, outside of handlers."""
        _refuse_in_handler("run_sync")
        return super().run_sync(*args, **arguments)

    @same_signature(AbstractAgent[AgentDepsT, OutputDataT].run_stream_sync)
    def run_stream_sync(self, *args: Any, **arguments: Any) -> Any:
        """Run the agent from synchronous code, outside of handlers."""
        _refuse_in_handler("run_stream_sync")
        return super().run_stream_sync(*args, **arguments)

    @asynccontextmanager
    async def _iter(
        self,
        handler: EventStreamHandler[AgentDepsT] | None,
        is_observed: bool,
        args: tuple[Any, ...],
        arguments: dict[str, Any],
    ) -> AsyncGenerator[AgentRun[AgentDepsT, Any]]:
        """Run the agent, durably if in a handler.

        Args:
            handler: receives the events of requests in their runs.
            is_observed: the handler sees events of tools, so that they need an order which replays.
            args: for `iter` of the wrapped agent.
            arguments: for `iter` of the wrapped agent, by name.
        """
        context = durable_context()
        if context is None:
            async with self.wrapped.iter(*args, **arguments) as run:
                yield run
            return
        durability: Durability[AgentDepsT] = Durability(
            context=context,
            run_options=self._run_options,
            wraps_tools=self._auto_wrap_tools,
            event_handler=handler,
        )
        arguments["capabilities"] = [durability, *(arguments.get("capabilities") or ())]
        with _ordered_events() if is_observed else nullcontext(), telemetry_of(context):
            async with self.wrapped.iter(*args, **arguments) as run:
                durability.choose_ids(run, arguments.get("conversation_id"))
                with lasting_failures():
                    yield run


class _RunInHandler(WrapperAgent[AgentDepsT, OutputDataT]):
    """One way to run an agent: the methods of Pydantic AI end in `iter`."""

    def __init__(
        self,
        agent: RestateAgent[AgentDepsT, OutputDataT],
        handler: EventStreamHandler[AgentDepsT] | None,
        *,
        is_observed: bool,
    ) -> None:
        super().__init__(agent)
        self._agent = agent
        self._handler = handler
        self._is_observed = is_observed

    @property
    def event_stream_handler(self) -> EventStreamHandler[AgentDepsT] | None:
        """None: it is given to each method."""
        return None

    @same_signature(WrapperAgent[AgentDepsT, OutputDataT].iter)
    @asynccontextmanager
    async def iter(self, *args: Any, **arguments: Any) -> AsyncGenerator[AgentRun[AgentDepsT, Any]]:
        """Run the agent node by node."""
        async with self._agent._iter(self._handler, self._is_observed, args, arguments) as run:
            yield run


def _ordered_events() -> AbstractContextManager[None]:
    """Have the events of tools that execute side by side come in the order of their calls.

    They would come as tools finish, which is another order in each replay for tools that are not durable.
    """
    chosen = getattr(tool_manager, "_parallel_execution_mode_ctx_var", None)
    if chosen is not None and chosen.get() != "parallel":
        return nullcontext()  # the application has chosen itself
    return AbstractAgent.parallel_tool_call_execution_mode("parallel_ordered_events")


def _refuse_in_handler(method: str) -> None:
    """Raise if a handler calls a method that blocks the loop, which then could not give it any result."""
    context = durable_context()
    if context is not None:
        raise UsageError(
            f"RestateAgent.{method}() would block the event loop of this handler, so that no answer of the model could "
            f"reach it (invocation {context.request().id}); use `await agent.run(...)` or `async with "
            "agent.run_stream(...)`"
        )
