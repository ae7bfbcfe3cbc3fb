"""The middleware that makes an agent durable: model calls become runs, and tools take turns."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any, NoReturn

from langchain.agents.middleware import AgentMiddleware, AgentState
from langchain.agents.middleware.types import ContextT, ModelRequest, ModelResponse, ResponseT

from awaken.context.extensions import get_extension_data, set_extension_data
from awaken.context.runs import RunOptions
from awaken.errors import UsageError
from awaken.ext.contexts import is_in_run, restate_context
from awaken.ext.langchain.model_response import ModelResponseSerde
from awaken.ext.langchain.tool_calls import ToolCalls
from awaken.ext.langchain.tracing import trace_without_threads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from langchain.tools.tool_node import ToolCallRequest
    from langchain_core.messages import ToolMessage
    from langgraph.types import Command

    from awaken.context.context import Context

__all__ = ["RestateMiddleware"]

#: Names the runs of model calls, in the journals of the official SDK too.
RUN_NAME = "LLM call"

#: Where the tool calls of an attempt are kept.
_TOOL_CALLS = "awaken.ext.langchain"


class RestateMiddleware(AgentMiddleware[AgentState[ResponseT], ContextT, ResponseT]):
    """Makes an agent durable that runs in a handler.

    Each call of the model is a run named `LLM call`. Tools run in the handler and may use its context. Several tools
    that the model asks for at once run one after the other, in its order, as with the official SDK.

    An agent in the action of a run is a part of it, and works as it does without this.

    Put it last in the list of middleware, so that hooks of the others around model calls are repeated by replays, too.

    Args:
        run_options: of the runs of model calls: how often, how fast and how long a failing call is retried. Their serde
            and type hint are not used.
        concurrent_tools: let tools that the model asks for at once run at the same time. The journal then has another
            order, so invocations that are open when you change this cannot continue.
    """

    def __init__(self, run_options: RunOptions[Any] | None = None, *, concurrent_tools: bool = False) -> None:
        super().__init__()
        trace_without_threads()
        self._run_options = run_options or RunOptions[Any]()
        self._is_concurrent = concurrent_tools

    async def awrap_model_call(
        self,
        request: ModelRequest[ContextT],
        handler: Callable[[ModelRequest[ContextT]], Awaitable[ModelResponse[ResponseT]]],
    ) -> ModelResponse[ResponseT]:
        """Call the model in a run.

        Raises:
            UsageError: there is no current handler.
            TerminalError: the model failed as often as the run options allow.
            InvocationCancelledError: the invocation was cancelled.
        """
        context = restate_context()
        if is_in_run():
            return await handler(request)
        _tool_calls(context).stop_if_cancelled(request.state)

        async def call_model() -> ModelResponse[ResponseT]:
            response = await handler(request)
            for message in response.result:
                if message.id is None:  # or the graph invents another one in each replay
                    message.id = str(uuid.uuid4())
            return response

        serde: ModelResponseSerde[ResponseT] = ModelResponseSerde(request.response_format)
        options = dataclasses.replace(self._run_options, serde=serde, type_hint=None)
        return await context.run_typed(RUN_NAME, call_model, options)

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        """Run a tool when it is its turn.

        Raises:
            UsageError: there is no current handler.
            InvocationCancelledError: the invocation was cancelled.
        """
        context = restate_context()
        if is_in_run():
            return await handler(request)
        calls = _tool_calls(context)
        return await calls.execute(request, handler, in_turn=not self._is_concurrent)

    def wrap_model_call(self, request: ModelRequest[ContextT], handler: Callable[..., Any]) -> NoReturn:
        """Refuse `invoke` and `stream`.

        Raises:
            UsageError: always.
        """
        raise _blocking()

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[..., Any]) -> NoReturn:
        """Refuse `invoke` and `stream`.

        Raises:
            UsageError: always.
        """
        raise _blocking()


def _tool_calls(context: Context) -> ToolCalls:
    calls = get_extension_data(context, _TOOL_CALLS)
    if not isinstance(calls, ToolCalls):
        calls = ToolCalls(context.request().id)
        set_extension_data(context, _TOOL_CALLS, calls)
    return calls


def _blocking() -> UsageError:
    return UsageError(
        "an agent with RestateMiddleware was run by `invoke` or `stream`, which block the event loop that the handler "
        "needs; use `await agent.ainvoke(...)` or `async for ... in agent.astream(...)`"
    )
