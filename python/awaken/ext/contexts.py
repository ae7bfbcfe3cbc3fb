"""The context of the handler that an agent runs in, for its tools and for what makes the agent durable."""

from __future__ import annotations

from awaken.context.context import Context, ObjectContext
from awaken.context.extensions import current_context
from awaken.endpoint import tasks
from awaken.errors import UsageError

__all__ = ["is_in_run", "restate_context", "restate_object_context"]


def restate_context() -> Context:
    """Return the context of the current handler.

    Tools, hooks and callbacks of an agent that runs in a handler call this.

    Raises:
        UsageError: there is no current handler.
    """
    context = current_context()
    if context is None:
        raise UsageError(
            "restate_context() was called outside of a handler, by you or by an agent that is to be durable; call it, "
            "or run the agent, in a handler or in what that calls"
        )
    return context


def restate_object_context() -> ObjectContext:
    """Return the context of the current handler, which may read and write the state of its key.

    Raises:
        UsageError: there is no current handler, or it is not an exclusive one of a virtual object or workflow.
    """
    context = restate_context()
    if not isinstance(context, ObjectContext):
        raise UsageError(
            "restate_object_context() needs an exclusive handler of a virtual object or a workflow, "
            f"and this one has a context of type {type(context).__name__}"
        )
    return context


def is_in_run() -> bool:
    """Return whether this code is the action of a run.

    That is one side effect as a whole, so frameworks work there as they do without this package.
    """
    return tasks.executing_run.get() is not None
