"""Keeps LangSmith's traces from making handlers unpredictable.

LangChain wraps the methods of middleware in spans of LangSmith, and LangSmith begins and ends each span in a thread,
also when it is off. Threads finish in any order, so agents that run at the same time would issue their commands in
another order in each replay. LangSmith has a setting for runtimes that cannot have this; it belongs to the process.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import langsmith

from awaken.endpoint import tasks
from awaken.ext.contexts import is_in_run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextvars import Context

__all__ = ["trace_without_threads"]

P = ParamSpec("P")
T = TypeVar("T")


@cache
def trace_without_threads() -> None:
    """Have spans begin and end without a thread, in handlers; elsewhere, and in runs, nothing changes."""
    langsmith.set_runtime_overrides(aio_to_thread=_run)


async def _run(
    in_thread: Callable[..., Awaitable[T]],
    context: Context,
    function: Callable[P, T],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    if tasks.owner() is None or is_in_run():
        return await in_thread(context, function, *args, **kwargs)
    return context.run(function, *args, **kwargs)
