"""The runs of one attempt: asked for by the handler, executed when their results are needed, or left behind.

A run executes in a task of its own, not of the handler: cancelling the handler's tasks leaves it alone.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol

from awaken.context import probe
from awaken.endpoint import outcome, tasks, unawaited
from awaken.endpoint.observer import run_within
from awaken.errors import LocalProtocolError

if TYPE_CHECKING:
    from awaken._core import EndpointMachine
    from awaken.context.commands import Commands
    from awaken.context.run_action import Run
    from awaken.context.runs import RunFuture
    from awaken.endpoint.attempt_numbers import HandlerNumbers
    from awaken.endpoint.observer import AttemptObserver

__all__ = ["RunTasks", "unsendable"]


class Host(Protocol):
    """The attempt that the runs belong to."""

    machine: EndpointMachine
    loop: asyncio.AbstractEventLoop
    version: int
    commands: Commands
    observer: AttemptObserver | None
    numbers: HandlerNumbers | None

    @property
    def target(self) -> str:
        """Service and handler, as `Greeter/greet`."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether the attempt has ended, so that nothing the handler does has an effect."""
        ...

    def hold_flush(self) -> None:
        """Flush a turn of the loop later than planned."""
        ...

    def end_run(self) -> None:
        """Send what a run proposed, and continue with it."""
        ...


class RunTasks:
    """Keeps and executes the runs of one attempt.

    Args:
        host: the attempt.
    """

    __slots__ = ("_executing", "_host", "_pending")

    def __init__(self, host: Host) -> None:
        self._host = host
        #: Runs whose closure has not been executed yet, by handle.
        self._pending: dict[int, RunFuture[Any]] = {}
        #: Runs whose closure executes, by handle.
        self._executing: dict[int, asyncio.Task[None]] = {}

    def define(self, handle: int, future: RunFuture[Any]) -> None:
        """Keep the closure of a run until its result is awaited."""
        self._pending[handle] = future

    def begin(self, handle: int) -> None:
        """Execute the closure of a run in a task of its own."""
        host = self._host
        run = self._pending.pop(handle).run
        if host.observer is None:
            executing = self._execute(run)
        else:
            executing = run_within(host.observer.around_run(run.name), self._execute, run)
        self._executing[handle] = asyncio.Task(executing, loop=host.loop, name=run.name, context=run.context)
        host.hold_flush()

    def report_lost(self) -> None:
        """Name the runs that the handler never awaited, and left behind when it returned."""
        host = self._host
        for future in self._pending.values():
            if future.is_awaited:
                continue
            unawaited.report(future.subject, "its action never executed", future.run.place, host)

    def close(self) -> None:
        """Cancel what executes, and forget the rest: the attempt is over."""
        self._pending.clear()
        for task in self._executing.values():
            task.cancel()

    async def _execute(self, run: Run) -> None:
        """Execute the closure of a run and propose its result."""
        host = self._host
        tasks.executing_run.set(run.name)
        started = time.monotonic()
        ending = "cancelled"
        try:
            value = await run.execute_watched() if probe.watchers else run.write(await run.act())
            if not host.is_over:
                try:
                    host.commands.propose_run_value(run.handle, value)
                    ending = "succeeded"
                except LocalProtocolError as error:
                    raise unsendable(f"the result of {run.subject} of {host.target}", error) from error
        except BaseException as error:  # of any kind: it ends this attempt and nothing else
            if not host.is_over:
                elapsed_ms = int((time.monotonic() - started) * 1000)
                if host.observer is not None:
                    host.observer.note_failure(error, run.name)
                is_retried = outcome.fail_run(host.machine, run, error, elapsed_ms, host.version)
                ending = "retried" if is_retried else "failed"
        if host.numbers is not None:
            host.numbers.note_run(run.name, ending, time.monotonic() - started)
        del self._executing[run.handle]
        host.end_run()


def unsendable(subject: str, error: LocalProtocolError) -> LocalProtocolError:
    """Return the error for a value that the machine refuses, such as one that is too large."""
    return LocalProtocolError(f"{subject} cannot be sent: {error.message}")
