"""What makes one run of an agent durable: a capability, which Pydantic AI asks at each of its turns.

The run itself executes in the handler, and in each replay again, so it must come to the same decisions. Answers of
models come from the journal. Everything else that Pydantic AI would choose afresh is derived from what is recorded:
the ids of the run and its conversation from the invocation, and the times of requests from the times of answers.
Without that, a conversation in the state of an object would be another one in each replay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import ModelRequest, ModelResponse
from pydantic_ai.tools import AgentDepsT
from pydantic_ai.toolsets.function import FunctionToolset

from awaken.context.extensions import get_extension_data, set_extension_data
from awaken.ext.pydantic.model import RestateModelWrapper
from awaken.ext.pydantic.toolset import RestateContextRunToolSet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pydantic_ai.agent import EventStreamHandler
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.models import Model, ModelRequestContext
    from pydantic_ai.run import AgentRun, AgentRunResult
    from pydantic_ai.tools import RunContext
    from pydantic_ai.toolsets.abstract import AbstractToolset

    from awaken.context.context import Context
    from awaken.context.runs import RunOptions

__all__ = ["Durability"]

#: Where an attempt counts the runs of agents in it.
RUNS = "awaken.ext.pydantic.runs"

#: Newer versions of Pydantic AI have these hooks.
ASKS_FOR_MODELS: Final = hasattr(AbstractCapability, "get_wrapper_model")
ASKS_FOR_IDS: Final = hasattr(AbstractCapability, "get_default_run_id")


@dataclass
class Durability(AbstractCapability[AgentDepsT]):
    """Wraps models and tools of one run in a handler, and chooses its ids.

    Args:
        context: of the handler.
        run_options: for requests to models and for tools.
        wraps_tools: function tools are runs.
        event_handler: receives the events of streaming requests inside of their runs.
    """

    context: Context = field(kw_only=True)
    run_options: RunOptions[Any] = field(kw_only=True)
    wraps_tools: bool = field(kw_only=True)
    event_handler: EventStreamHandler[Any] | None = field(kw_only=True)

    def get_default_run_id(self) -> str:
        """Return the id of the next run in this handler."""
        number = get_extension_data(self.context, RUNS) or 0
        set_extension_data(self.context, RUNS, number + 1)
        return str(uuid5(NAMESPACE_URL, f"{self.context.request().id}/agent-run/{number}"))

    def get_default_conversation_id(self, run_id: str) -> str:
        """Return the id of a conversation that begins with this run."""
        return str(uuid5(NAMESPACE_URL, f"{run_id}/conversation"))

    def get_wrapper_model(self, model: Model) -> Model | None:
        """Wrap the model of each attempt at a request."""
        if isinstance(model, RestateModelWrapper):
            return None
        return RestateModelWrapper(model, self.run_options, self.event_handler)

    async def before_model_request(
        self, ctx: RunContext[AgentDepsT], request_context: ModelRequestContext
    ) -> ModelRequestContext:
        """Wrap the model of a request, for versions of Pydantic AI that do not ask for it."""
        if not ASKS_FOR_MODELS:
            request_context.model = self.get_wrapper_model(request_context.model) or request_context.model
        return request_context

    def choose_ids(self, run: AgentRun[AgentDepsT, Any], conversation_id: str | None) -> None:
        """Choose the ids of a run that has not begun, for versions of Pydantic AI that do not ask for them.

        Args:
            run: the run.
            conversation_id: that the application has given.
        """
        if ASKS_FOR_IDS:
            return
        state = run.ctx.state
        inherited = {message.conversation_id for message in state.message_history}
        state.run_id = self.get_default_run_id()
        if conversation_id in (None, "new") and state.conversation_id not in inherited:
            state.conversation_id = self.get_default_conversation_id(state.run_id)

    def get_wrapper_toolset(self, toolset: AbstractToolset[AgentDepsT]) -> AbstractToolset[AgentDepsT] | None:
        """Wrap the tools of the run."""
        return toolset.visit_and_replace(self._durable)

    def _durable(self, toolset: AbstractToolset[AgentDepsT]) -> AbstractToolset[AgentDepsT]:
        if self.wraps_tools and isinstance(toolset, FunctionToolset):
            return RestateContextRunToolSet(toolset, self.run_options)
        if any(kind.__name__ == "MCPToolset" for kind in type(toolset).__mro__):
            # Imported here, because the rest works without the packages for MCP.
            from pydantic_ai.mcp import MCPToolset

            from awaken.ext.pydantic.mcp import DurableMCPToolset

            if isinstance(toolset, MCPToolset):
                return DurableMCPToolset(toolset, self.run_options)
        return toolset

    async def after_model_request(
        self, ctx: RunContext[AgentDepsT], *, request_context: ModelRequestContext, response: ModelResponse
    ) -> ModelResponse:
        """Note when the messages so far were made."""
        settle_times([*ctx.messages, response], ctx.run_id)
        return response

    async def after_run(
        self, ctx: RunContext[AgentDepsT], *, result: AgentRunResult[Any]
    ) -> AgentRunResult[Any]:
        """Note when the last messages were made."""
        settle_times(result.all_messages(), ctx.run_id)
        return result


def settle_times(messages: Sequence[ModelMessage], run_id: str | None) -> None:
    """Give the requests of a run the times of their answers, and those without one that of the answer before.

    Args:
        messages: a conversation. Requests of earlier runs keep their times.
        run_id: the run.
    """
    answers = [message.timestamp for message in messages if isinstance(message, ModelResponse)]
    time: datetime | None = answers[-1] if answers else None
    for message in reversed(messages):
        if isinstance(message, ModelResponse):
            time = message.timestamp
        elif isinstance(message, ModelRequest) and message.run_id == run_id and time is not None:
            message.timestamp = time
            parts: Sequence[Any] = message.parts  # not all kinds have a time
            for part in parts:
                if hasattr(part, "timestamp"):
                    part.timestamp = time
