"""The plugin that makes the agents of an application durable."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from google.adk.agents.invocation_context import LlmCallsLimitExceededError
from google.adk.agents.llm_agent import LlmAgent
from google.adk.plugins.base_plugin import BasePlugin

from awaken.context.extensions import (
    clear_extension_data,
    current_context,
    get_extension_data,
    set_extension_data,
)
from awaken.context.runs import RunOptions
from awaken.endpoint.tasks import owner
from awaken.errors import InvocationCancelledError, UsageError
from awaken.ext.adk.identifiers import repeat_ids
from awaken.ext.adk.model import DurableLlm
from awaken.ext.adk.ordering import ToolOrder
from awaken.ext.adk.session import RestateSessionService
from awaken.ext.adk.summarizer import RestateEventSummarizer
from awaken.ext.contexts import is_in_run, restate_context
from awaken.ext.failures import end_invocation_with

if TYPE_CHECKING:
    from google.adk.agents.base_agent import BaseAgent
    from google.adk.agents.callback_context import CallbackContext
    from google.adk.agents.invocation_context import InvocationContext
    from google.adk.models.llm_request import LlmRequest
    from google.adk.models.llm_response import LlmResponse
    from google.adk.tools.base_tool import BaseTool
    from google.adk.tools.tool_context import ToolContext
    from google.genai import types

__all__ = ["RestatePlugin"]

#: The cancellation that a tool or a model heard of.
_CANCELLED = "awaken.ext.adk.cancelled"


class _EndOfAttempt(logging.Filter):
    """Drops what ADK says when a handler is unwound, for example because it is suspended."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is to be logged."""
        attempt = owner()
        return attempt is None or not attempt.is_over


logging.getLogger("google_adk.google.adk.runners").addFilter(_EndOfAttempt())


class RestatePlugin(BasePlugin):
    """Keeps each answer of a model in the journal, and sessions in the state of the key.

    The model is asked after the callbacks and plugins that may answer for it, at the place where ADK asks it, so that
    all callbacks work as they do without this plugin. They run in the handler: a replay runs them again. An agent in
    the action of a run is a part of it, and needs a session service that is not durable.

    Args:
        run_options: how often a failing call of a model is repeated. When the retries are used up, it raises a
            `TerminalError`. By default, the runtime's retry policy applies.
        concurrent_tools: have the tools that a model calls together run at the same time. By default each one starts
            when the one before it has its result, as with the official SDK: then they may change state without care.
    """

    def __init__(self, *, run_options: RunOptions[Any] | None = None, concurrent_tools: bool = False) -> None:
        super().__init__(name="restate_plugin")
        self._run_options = run_options or RunOptions()
        self._order = None if concurrent_tools else ToolOrder()

    async def on_user_message_callback(
        self, *, invocation_context: InvocationContext, user_message: types.Content
    ) -> types.Content | None:
        """Begin to collect what is appended to the session."""
        await _begin(invocation_context)
        return None

    async def before_run_callback(self, *, invocation_context: InvocationContext) -> types.Content | None:
        """Refuse what cannot be durable, and have summaries made durably.

        Raises:
            UsageError: this is not a handler, or the agent is to run in live mode.
        """
        await _begin(invocation_context)
        if invocation_context.live_request_queue is not None and not is_in_run():
            raise UsageError(
                "an agent cannot run in live mode in a handler: what a model says while it listens cannot be replayed; "
                "use Runner.run_async"
            )
        compaction = getattr(invocation_context, "events_compaction_config", None)
        agent = invocation_context.agent
        if compaction is not None and compaction.summarizer is None and isinstance(agent, LlmAgent):
            compaction.summarizer = RestateEventSummarizer.from_llm(agent.canonical_model)
        return None

    async def after_run_callback(self, *, invocation_context: InvocationContext) -> None:
        """Store the session.

        Raises:
            InvocationCancelledError: a callback made an answer of the cancellation.
        """
        _raise_cancellation()
        service = invocation_context.session_service
        if isinstance(service, RestateSessionService):
            await service.end_run(invocation_context.session)

    async def on_run_error_callback(self, *, invocation_context: InvocationContext, error: Exception) -> None:
        """Have the error of a limit end the invocation, since each attempt would reach it.

        No callback hides a cancellation any more when the error leaves the agent.
        """
        context = current_context()
        if context is not None:
            clear_extension_data(context, _CANCELLED)
        if isinstance(error, LlmCallsLimitExceededError):
            end_invocation_with(error)

    async def before_agent_callback(
        self, *, agent: BaseAgent, callback_context: CallbackContext
    ) -> types.Content | None:
        """Have ids repeat.

        Raises:
            UsageError: this is not a handler.
        """
        repeat_ids(restate_context())
        return None

    async def before_model_callback(
        self, *, callback_context: CallbackContext, llm_request: LlmRequest
    ) -> LlmResponse | None:
        """Put a durable model in the place of the agent's, for the call that follows.

        Raises:
            UsageError: the agent is not an `LlmAgent`, or asks its model in live mode.
        """
        if is_in_run():
            return None
        invocation = callback_context._invocation_context  # there is no public way to it
        agent = invocation.agent
        if not isinstance(agent, LlmAgent):
            raise UsageError(
                f"RestatePlugin makes the models of LlmAgents durable, and {callback_context.agent_name!r} is of type "
                f"{type(agent).__name__}"
            )
        if invocation.run_config is not None and invocation.run_config.support_cfc:
            raise UsageError(
                "RunConfig(support_cfc=True) asks the model in live mode, which cannot be replayed; leave it out"
            )
        model = agent.canonical_model
        if isinstance(model, DurableLlm):  # a callback answered in the place of the last one
            model = model.inner

        def begin() -> None:
            invocation.agent = agent
            _raise_cancellation()

        durable = DurableLlm.around(model, self._run_options, begin)
        substitute = agent.model_copy(update={"model": durable})
        if substitute.canonical_model is not durable or _chooses_its_model(agent):
            raise UsageError(
                f"RestatePlugin cannot make the model of {agent.name!r} durable: {type(agent).__name__} chooses it "
                "in a method of its own; set `model`"
            )
        invocation.agent = substitute
        return None

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any] | None:
        """Wait for the tools that the model called before this one."""
        if self._order is not None:
            await self._order.begin(tool_context._invocation_context)
        return None

    async def after_tool_callback(
        self,
        *,
        tool: BaseTool,
        tool_args: dict[str, Any],
        tool_context: ToolContext,
        result: dict[str, Any],
    ) -> dict[str, Any] | None:
        """Let the next tool begin."""
        if self._order is not None:
            self._order.end()
        return None

    async def on_tool_error_callback(
        self,
        *,
        tool: BaseTool,
        tool_args: dict[str, Any],
        tool_context: ToolContext,
        error: Exception,
    ) -> dict[str, Any] | None:
        """Note a cancellation: a callback that makes a result of every error must not hide it."""
        _note_cancellation(error)
        return None

    async def on_model_error_callback(
        self, *, callback_context: CallbackContext, llm_request: LlmRequest, error: Exception
    ) -> LlmResponse | None:
        """Note a cancellation: a callback that makes an answer of every error must not hide it."""
        _note_cancellation(error)
        return None


async def _begin(invocation: InvocationContext) -> None:
    repeat_ids(restate_context())
    service = invocation.session_service
    if isinstance(service, RestateSessionService):
        await service.begin_run(invocation.session)


def _chooses_its_model(agent: LlmAgent) -> bool:
    """Return whether ADK asks the agent for its model, and the agent has its own way to answer."""
    name = "canonical_model_async"  # not in all releases
    return getattr(type(agent), name, None) is not getattr(LlmAgent, name, None)


def _note_cancellation(error: Exception) -> None:
    if isinstance(error, InvocationCancelledError):
        set_extension_data(restate_context(), _CANCELLED, error)


def _raise_cancellation() -> None:
    """Raise a cancellation that a callback has hidden."""
    cancelled: InvocationCancelledError | None = get_extension_data(restate_context(), _CANCELLED)
    if cancelled is not None:
        raise cancelled
