"""How errors leave an agent.

The framework handles every `Exception`: it tells the model that a tool failed, or hides the error in one of its own.
That is right for what the model may react to, and wrong for three kinds of errors:

- a cancellation, which would go unnoticed;
- an error that a retry may repair. If the model hears of it, the agent takes a path that the replay does not take, for
  example because the tool of an agent that is a tool itself works the second time;
- what unwinds a handler whose attempt is over, which is no `Exception` for this reason.

So the first two leave in an `Unwinding`, which is none either, and `DurableRunner.run` raises what is in it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import agents
from agents.exceptions import AgentsException

from awaken.endpoint import tasks
from awaken.endpoint.culprit import culprit_of
from awaken.errors import InvocationCancelledError, SdkInternalBaseException, TerminalError
from awaken.ext.contexts import is_in_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agents import RunContextWrapper

    from awaken.context.runs import RunOptions

__all__ = [
    "AgentRun",
    "AgentsTerminalException",
    "Unwinding",
    "agent_run",
    "current_run",
    "is_cancellation",
    "leaving",
]

# Its tasks make a text for the model of a cancellation, also when a suspension cancels them.
tasks.forgive_tasks_of(os.path.join(os.path.dirname(agents.__file__), ""))


@dataclass(frozen=True, slots=True)
class AgentRun:
    """One `DurableRunner.run` of the current handler."""

    #: For the runs that ask models.
    options: RunOptions[Any]


_current: ContextVar[AgentRun | None] = ContextVar("awaken_agent_run", default=None)


@contextmanager
def agent_run(run: AgentRun) -> Iterator[None]:
    """Mark what is inside of a `DurableRunner.run`."""
    token = _current.set(run)
    try:
        yield
    finally:
        _current.reset(token)


def current_run() -> AgentRun | None:
    """Return the innermost `DurableRunner.run` around this code, or None, also in the action of a run."""
    return None if is_in_run() else _current.get()


class AgentsTerminalException(AgentsException, TerminalError):
    """A terminal error of a tool. The framework passes it on as it is, because it counts it among its own errors."""

    def __init__(self, message: str, status_code: int = 500, metadata: dict[str, str] | None = None) -> None:
        AgentsException.__init__(self, message)
        TerminalError.__init__(self, message, status_code, metadata)


class Unwinding(BaseException):
    """Carries an error through the framework to `DurableRunner.run`, which raises it. Let it propagate."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.error = error


def is_cancellation(error: BaseException) -> bool:
    """Return whether the invocation was cancelled, and this error, or a cause of it, says so."""
    return isinstance(culprit_of(error), InvocationCancelledError)


def leaving(error: Exception, context: RunContextWrapper[Any]) -> BaseException:
    """Return what to raise so that an error of a tool ends the run of the agent.

    Args:
        error: what the tool raised.
        context: of the tool.
    """
    if isinstance(cancelled := sys.exception(), asyncio.CancelledError):
        return cancelled  # the framework made an error of it, for functions that take an Exception
    culprit = culprit_of(error)
    if isinstance(culprit, SdkInternalBaseException):
        return culprit
    if isinstance(culprit, TerminalError) and not isinstance(culprit, InvocationCancelledError):
        terminal = AgentsTerminalException(culprit.message, culprit.status_code, culprit.metadata)
        terminal.__cause__ = error
        return terminal
    error.add_note(f"The tool {getattr(context, 'tool_name', None)!r} of an agent raised this.")
    return error if current_run() is None else Unwinding(error)
