"""Runs agents in handlers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, NoReturn

from agents import (
    Agent,
    InputGuardrailTripwireTriggered,
    MaxTurnsExceeded,
    ModelBehaviorError,
    ModelRefusalError,
    OutputGuardrailTripwireTriggered,
    RunConfig,
    Runner,
    ToolInputGuardrailTripwireTriggered,
    ToolOutputGuardrailTripwireTriggered,
)

from awaken.context.runs import RunOptions
from awaken.endpoint.culprit import culprit_of
from awaken.errors import TerminalError, UsageError
from awaken.ext.contexts import restate_context
from awaken.ext.failures import end_invocation_with
from awaken.ext.openai.prepare import prepare
from awaken.ext.openai.responses import ResponseSerde
from awaken.ext.openai.run_config import durable_config
from awaken.ext.openai.session import RestateSession
from awaken.ext.openai.unwinding import AgentRun, Unwinding, agent_run

if TYPE_CHECKING:
    from typing import Unpack

    from agents import RunResult, RunState, TResponseInputItem
    from agents.run_context import TContext

    from awaken.ext.openai.options import RunArguments

__all__ = ["DurableRunner", "RestateSession"]

#: They follow from answers that are in the journal, so that every attempt would raise them again.
VERDICTS: Final = (
    InputGuardrailTripwireTriggered,
    MaxTurnsExceeded,
    ModelBehaviorError,
    ModelRefusalError,
    OutputGuardrailTripwireTriggered,
    ToolInputGuardrailTripwireTriggered,
    ToolOutputGuardrailTripwireTriggered,
)


class DurableRunner:
    """Runs agents in handlers: each answer of a model is in the journal, so that a replay does not ask again."""

    @staticmethod
    async def run(
        starting_agent: Agent[TContext],
        input: str | list[TResponseInputItem] | RunState[TContext],  # noqa: A002  # the framework's name
        *,
        use_restate_session: bool = False,
        run_options: RunOptions[Any] | None = None,
        concurrent_tools: bool = False,
        **kwargs: Unpack[RunArguments],
    ) -> RunResult:
        """Run an agent in the current handler until it has its final output.

        Args:
            starting_agent: the agent.
            input: what the user says, or the state of a run that was interrupted for approvals.
            use_restate_session: whether the conversation is kept in the state of the object; see `RestateSession`.
            run_options: how often a failing call of a model is retried. Without any, the retry policy of the runtime
                applies. When the retries are exhausted, a terminal error ends the agent.
            concurrent_tools: whether the tools that the model calls in one turn run at the same time. What they await
                between durable operations has to be durable as well. Otherwise one runs after the other, unless
                `run_config` says how many may run at the same time.
            **kwargs: others that `agents.Runner.run` has, such as `context`, `max_turns`, `hooks` and `run_config`.

        Raises:
            UsageError: there is no current handler, or it has no state for the conversation.
            TerminalError: a tool or a model failed for good, or the invocation was cancelled.
            AgentsException: the framework gave up. If it did because of an answer of a model or a guardrail, and the
                handler does not catch it, it ends the invocation as a terminal error does.
        """
        restate_context()
        if use_restate_session:
            if kwargs.get("session") is not None:
                raise UsageError(
                    "DurableRunner.run was given use_restate_session=True and a session; use one of them"
                )
            kwargs["session"] = RestateSession()
        given = kwargs.get("run_config")
        config = RunConfig(**given) if isinstance(given, dict) else given or RunConfig()
        kwargs["run_config"] = durable_config(config, concurrent_tools=concurrent_tools)
        prepare(starting_agent)
        given_session = kwargs.get("session")
        session = given_session if isinstance(given_session, RestateSession) else None
        if session is not None:
            session.is_held = True
        try:
            with agent_run(AgentRun(_answer_options(run_options))):
                result = await Runner.run(starting_agent, input, **kwargs)
        except Unwinding as unwinding:
            error = unwinding.error
        except Exception as failure:
            error = failure
        else:
            if session is not None:
                session.flush()
            return result
        finally:
            if session is not None:
                session.is_held = False
            # The framework closes a provider that it made itself. This one was made here.
            if given is None or (isinstance(given, dict) and "model_provider" not in given):
                await config.model_provider.aclose()
        if isinstance(error, VERDICTS):
            end_invocation_with(error)
        if session is not None and isinstance(culprit_of(error), TerminalError):
            session.flush()
        try:
            raise error
        finally:
            del error  # its traceback has this frame

    @staticmethod
    def run_streamed(*_: object, **__: object) -> NoReturn:
        """Refuse to stream: a replay has the answers of the model, and not their parts.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            "DurableRunner cannot stream: the journal has whole answers, which a replay cannot stream again; await "
            "DurableRunner.run(...), and report progress from hooks or tools"
        )

    @staticmethod
    def run_sync(*_: object, **__: object) -> NoReturn:
        """Refuse to block the event loop of the handler.

        Raises:
            UsageError: always.
        """
        raise UsageError(
            "DurableRunner cannot block the event loop of a handler; await DurableRunner.run(...)"
        )


def _answer_options(options: RunOptions[Any] | None) -> RunOptions[Any]:
    """Return the options of the runs that ask models."""
    return dataclasses.replace(options or RunOptions(), serde=ResponseSerde(), type_hint=None)
