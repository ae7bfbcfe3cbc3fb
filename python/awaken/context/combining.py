"""Functions that wait for several durable futures, with the names of the official SDK.

Those of asyncio work as well, because durable futures are asyncio futures. The functions here return the futures rather
than their results, and the result of `select` suits a `match` statement.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from awaken.context.awakeable import Awakeable
from awaken.context.callback import Callback
from awaken.context.futures import RestateDurableFuture, SendHandle
from awaken.context.promise import DurablePromise
from awaken.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    AnyFuture = RestateDurableFuture[Any] | Awakeable[Any] | Callback[Any] | DurablePromise[Any]

__all__ = ["as_completed", "gather", "select", "wait_completed"]


async def gather(*futures: AnyFuture) -> list[RestateDurableFuture[Any]]:
    """Wait until all futures have a result or an error, and return the futures. Await each to get its result."""
    durable = _durable(futures)
    if durable:
        await asyncio.wait(durable)
    return durable


async def select(**futures: AnyFuture) -> list[Any]:
    """Wait for the first future to complete.

    Returns:
        Its name and its result, for `match await select(...): case ["timeout", _]: ...`

    Raises:
        ValueError: no futures were given.
        Exception: the error of the first future, if it failed.
    """
    if not futures:
        raise UsageError("select needs at least one future")
    durable = dict(zip(futures, _durable(futures.values()), strict=True))
    await asyncio.wait(durable.values(), return_when=asyncio.FIRST_COMPLETED)
    name, first = next((name, future) for name, future in durable.items() if future.done())
    return [name, first.result()]


async def wait_completed(
    *futures: AnyFuture,
) -> tuple[list[RestateDurableFuture[Any]], list[RestateDurableFuture[Any]]]:
    """Wait for the first future to complete. Return the completed futures and the others."""
    durable = _durable(futures)
    if durable:
        await asyncio.wait(durable, return_when=asyncio.FIRST_COMPLETED)
    return [future for future in durable if future.done()], [
        future for future in durable if not future.done()
    ]


async def as_completed(*futures: AnyFuture) -> AsyncIterator[RestateDurableFuture[Any]]:
    """Yield the futures in the order in which they complete."""
    durable = _durable(futures)
    completed: deque[RestateDurableFuture[Any]] = deque(future for future in durable if future.done())
    waiter: asyncio.Future[None] | None = None
    is_over = False

    def note(future: RestateDurableFuture[Any]) -> None:
        if not future.done():  # it was cancelled, and is pending again
            if not is_over:
                future.add_done_callback(note)
            return
        completed.append(future)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # Once for each future: asking all that are pending after each result would make n results cost n squared.
    pending = [future for future in durable if not future.done()]
    for future in pending:
        future.add_done_callback(note)
    try:
        for _ in durable:
            if not completed:
                waiter = asyncio.get_running_loop().create_future()
                await waiter
            yield completed.popleft()
    finally:
        is_over = True
        for future in pending:
            future.remove_done_callback(note)


def _durable(futures: Iterable[AnyFuture]) -> list[RestateDurableFuture[Any]]:
    durable = [_future_of(given) for given in futures]
    for future in durable:
        if future._driver is not durable[0]._driver:
            raise UsageError(
                f"{future.subject} and {durable[0].subject} belong to different invocations; a handler can only "
                "await what its own context returned"
            )
    return durable


def _future_of(given: object) -> RestateDurableFuture[Any]:
    if isinstance(given, RestateDurableFuture):
        return given
    if isinstance(given, (Awakeable, Callback)):
        return given.future
    if isinstance(given, DurablePromise):
        return given.value()
    if isinstance(given, SendHandle):
        raise UsageError(
            "a send has no result to wait for; start the handler with a call, such as ctx.service_call(...), or await "
            "the send's invocation_id()"
        )
    if asyncio.iscoroutine(given):
        given.close()  # or Python complains that it was never awaited
        raise UsageError(
            f"{given!r} is not a durable result; make it a task with asyncio.create_task(...) "
            "and combine it with the functions of asyncio itself"
        )
    raise UsageError(
        f"{given!r} is not a durable future; combine other awaitables with the functions of asyncio itself"
    )
