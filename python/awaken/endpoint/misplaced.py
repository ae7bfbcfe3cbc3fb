"""Durable operations at places where they could not replay, and the errors that refuse them there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from awaken.endpoint import code_location, tasks
from awaken.errors import LocalProtocolError

if TYPE_CHECKING:
    from awaken.context.durable_future import DurableFuture

__all__ = ["in_a_run", "in_another_thread", "in_the_collector", "require_own"]


def in_a_run(operation: str, run: str, where: str) -> LocalProtocolError:
    """Return the error for an operation inside a run.

    Args:
        operation: what the code asks for, as `await ...`.
        run: the name of the run; `tasks.COLLECTED` stands for the garbage collector.
        where: the handler and its invocation.
    """
    if run is tasks.COLLECTED:
        return in_the_collector(operation, where)
    return LocalProtocolError(
        f'cannot {operation} inside the run "{run}" of {where}: a run is one side effect '
        "without durable operations; move this into the handler"
    )


def in_the_collector(operation: str, where: str) -> LocalProtocolError:
    """Return the error for an operation in code that the garbage collector calls."""
    return LocalProtocolError(
        f"cannot {operation} at {code_location.caller()} for the garbage collector: it runs at another place "
        f"of {where} in each replay; close what holds this in the handler, for async generators with "
        "contextlib.aclosing(...)"
    )


def in_another_thread(operation: str, where: str) -> LocalProtocolError:
    """Return the error for an operation outside the thread of the event loop."""
    return LocalProtocolError(
        f"cannot {operation} in the thread {threading.current_thread().name}: durable operations of "
        f"{where} belong to the thread of its event loop; move this into the handler, and write `async def` for tools "
        "of agents and other functions that a framework would call in a thread"
    )


def require_own(future: DurableFuture[Any], owner: tasks.Owner) -> None:
    """Refuse an await in a run, and in another handler: on its replay the future might not be there.

    Args:
        future: what is awaited.
        owner: the attempt that the future belongs to.

    Raises:
        LocalProtocolError: the await is at another place.
    """
    run = tasks.executing_run.get()
    if run is not None:
        raise in_a_run(f"await {future.subject}", run, owner.where)
    if tasks.owner() not in (owner, None):
        raise LocalProtocolError(
            f"cannot await {future.subject}{code_location.place_for_callers()}: it belongs to {owner.where}, and a "
            "handler can only await what its own context returned"
        )
