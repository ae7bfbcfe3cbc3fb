"""Async generators that a handler leaves half-way, and what Python's garbage collector finishes.

A `break` out of an `async for` drops the generator. Python asks a hook of the event loop to close it, and asyncio does
that a turn later. By then, a handler that executes is at another line than one that replays, which needs no turns. So
for generators of a handler the hook starts a task at once: from then on the handler has two tasks, and receives results
as every handler with several tasks does.

An object in a reference cycle ends when the garbage collector runs, which is at another line each time. Durable
operations are refused there, and what the object waited for stays awaited.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
import threading
from typing import TYPE_CHECKING, Any

from awaken.endpoint import tasks

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

#: The thread in which the garbage collector runs, 0 while it does not.
collecting_thread = 0

_is_noting = False


def install() -> None:
    """Have this thread's handlers close the async generators they leave. Call it while the event loop runs."""
    global _is_noting
    hook = sys.get_asyncgen_hooks().finalizer
    if type(hook) is not _Finalizer:
        sys.set_asyncgen_hooks(finalizer=_Finalizer(hook))
        if not _is_noting:
            _is_noting = True
            gc.callbacks.append(_note_collection)


def is_collecting() -> bool:
    """Tell whether the garbage collector called what executes now."""
    return collecting_thread != 0 and collecting_thread == threading.get_ident()


def is_of_collector() -> bool:
    """Tell whether what executes now does so because of the garbage collector: in it, or in a task that it left."""
    return tasks.executing_run.get() is tasks.COLLECTED or is_collecting()


async def end(closing: list[asyncio.Task[None]]) -> None:
    """Wait until the generators that a handler left are closed; the handler raises what one of them raises.

    Args:
        closing: the tasks that close them; closing them may add others.
    """
    while closing:
        batch = closing.copy()
        closing.clear()
        await asyncio.wait(batch)
        for task in batch:
            task.result()


def _note_collection(phase: str, _: dict[str, int]) -> None:
    global collecting_thread
    collecting_thread = threading.get_ident() if phase == "start" else 0


class _Finalizer:
    """The hook that Python calls with each async generator that is dropped before its end."""

    __slots__ = ("_inner",)

    def __init__(self, inner: Callable[[AsyncGenerator[Any, Any]], object] | None) -> None:
        self._inner = inner

    def __call__(self, generator: AsyncGenerator[Any, Any]) -> None:
        attempt = tasks.owner()
        if is_collecting():
            context = contextvars.Context()
            context.run(tasks.executing_run.set, tasks.COLLECTED)
            context.run(self._leave, generator)
        elif attempt is None or attempt.is_over or tasks.executing_run.get() is not None:
            self._leave(generator)
        else:
            attempt.close_generator(generator)

    def _leave(self, generator: AsyncGenerator[Any, Any]) -> None:
        if self._inner is not None:
            self._inner(generator)
