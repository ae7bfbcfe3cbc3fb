"""The OpenAI Agents SDK in handlers: agents that continue after a crash where they stopped.

Each answer of a model is a run, so that a replay takes it from the journal. Tools run in the handler and find its
context with `restate_context()`. Needs the extra `openai`; the page "Agents" of the documentation has an example.
"""

from awaken.ext.contexts import restate_context, restate_object_context
from awaken.ext.extras import extra

with extra("openai", "agents"):
    from awaken.ext.openai.functions import (
        durable_function_tool,
        propagate_cancellation,
        raise_terminal_errors,
    )
    from awaken.ext.openai.runner_wrapper import DurableRunner
    from awaken.ext.openai.session import RestateSession

__all__ = [
    "DurableRunner",
    "RestateSession",
    "durable_function_tool",
    "propagate_cancellation",
    "raise_terminal_errors",
    "restate_context",
    "restate_object_context",
]
