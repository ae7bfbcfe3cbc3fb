"""Which tasks of a handler wait, when all of them have come to rest, and which result is released then.

`awaken.endpoint.attempt` explains why results are released at rest only, and what waiting alone and together is.
"""

from __future__ import annotations

import asyncio
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, Protocol

from awaken import _core
from awaken.diagnostics import tracebacks
from awaken.endpoint import aftermath, code_location, misplaced, tasks
from awaken.errors import InvocationCancelledError, TerminalError

if TYPE_CHECKING:
    from collections.abc import Generator

    from awaken.context.durable_future import DurableFuture
    from awaken.endpoint.code_location import CodeLocation
    from awaken.endpoint.journal_codec import AttemptCodec
    from awaken.endpoint.run_tasks import RunTasks
    from awaken.exchange import Exchange

__all__ = ["Rest"]

#: Turns of the loop without activity after which a handler with several tasks counts as at rest. A finished future
#: reaches the task that awaits it in one turn per layer (task, gather, wait, shield); no code nests this many.
QUIET_TURNS: Final = 8

#: Turns after which a handler that never rests still receives its next result: it may be polling for it.
MAX_TURNS: Final = 1000

#: Replayed results handed over without a turn of the loop before other streams get theirs.
RESULTS_PER_TURN: Final = 256

#: Combinator of futures whose relation only the handler knows.
ANY_OF: Final = 0


class Host(tasks.Owner, Protocol):
    """The attempt whose handler waits."""

    machine: _core.EndpointMachine
    runs: RunTasks | None
    is_abandoned: bool
    #: Bytes of the request whose flow-control credit is not given back.
    unacknowledged: int

    def flush(self) -> None:
        """Send what the machine has written."""
        ...

    def acknowledge_consumed(self) -> None:
        """Give back the flow-control credit for what the machine has consumed."""
        ...

    def acknowledge_all(self) -> None:
        """Give back all flow-control credit."""
        ...

    def end_at(self, location: CodeLocation | None) -> None:
        """End the exchange: the machine is closed, and the handler waits at this line."""
        ...

    def refuse_await(self, future: DurableFuture[Any]) -> Generator[Any, None, None]:
        """Refuse an await after the end of the attempt."""
        ...


class _Answer(Enum):
    """What the machine answered when it was asked for the next result."""

    RELEASED = auto()
    RUN_BEGUN = auto()
    INPUT_REQUIRED = auto()
    CANCELLED = auto()
    SUSPENDED = auto()
    CLOSED = auto()


# As globals: until Python 3.12, looking up a member of an enumeration costs as much as a call.
RELEASED, RUN_BEGUN, INPUT_REQUIRED, CANCELLED, SUSPENDED, CLOSED = _Answer


class Rest:
    """Releases results to the tasks of one handler.

    Args:
        host: the attempt.
        exchange: of the attempt.
        loop: that runs the handler.
    """

    __slots__ = (
        "_awaited",
        "_exchange",
        "_host",
        "_is_counting",
        "_loop",
        "_parked",
        "_released",
        "activity",
        "codec",
        "helpers",
        "main",
    )

    def __init__(self, host: Host, exchange: Exchange, loop: asyncio.AbstractEventLoop) -> None:
        self._host = host
        self._exchange = exchange
        self._loop = loop
        self.codec: AttemptCodec | None = None
        #: The task of the handler, while it runs.
        self.main: asyncio.Task[None] | None = None
        #: Tasks that the handler started and that are not done.
        self.helpers: set[asyncio.Task[Any]] = set()
        #: Counts everything the handler does.
        self.activity = 0
        #: The future on which the handler waits alone for more input.
        self._parked: asyncio.Future[None] | None = None
        #: Futures awaited together, by handle.
        self._awaited: dict[int, DurableFuture[Any]] = {}
        self._is_counting = False
        self._released = 0

    # ------------------------------------------------------------ the handler's tasks

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Note a task that the handler started: from now on it waits together."""
        self.activity += 1
        self.helpers.add(task)
        task.add_done_callback(self._release_helper)
        self._rouse()

    def _release_helper(self, task: asyncio.Task[Any]) -> None:
        self.activity += 1
        self.helpers.discard(task)
        if task._log_traceback and (error := task._exception) is not None:
            # Unless the handler looks at it, asyncio logs the error as it is now.
            error.__traceback__ = tracebacks.authored(error.__traceback__)

    # ------------------------------------------------------------ waiting alone

    @property
    def is_parked(self) -> bool:
        """Whether the handler waits alone for a result that has not arrived."""
        return self._parked is not None

    def wait(self, future: DurableFuture[Any]) -> Generator[Any, None, None]:
        """Wait in the awaiting task until the future is done."""
        if self.helpers or self._awaited or asyncio.current_task(self._loop) is not self.main:
            yield from self._wait_together(future)
            return
        host, codec = self._host, self.codec
        while not future.done():
            if host.is_abandoned:
                yield from host.refuse_await(future)
            if self._exchange.is_write_paused or (codec is not None and codec.holds_back_for(future)):
                yield from self._park()
                continue
            answer = self._ask(future)
            if answer is RELEASED:
                if codec is None:
                    self._released += 1
                    if self._released % RESULTS_PER_TURN == 0:
                        yield
                continue
            if answer is CANCELLED:
                raise InvocationCancelledError()
            if answer is SUSPENDED or answer is CLOSED:
                raise aftermath.unwinding(host.machine, host.where, is_suspended=answer is SUSPENDED)
            host.acknowledge_all()
            yield from self._park()
            if self.helpers or self._awaited:  # another task has begun to wait
                yield from self._wait_together(future)
                return

    def _park(self) -> Generator[Any, None, None]:
        self._parked = self._loop.create_future()
        try:
            yield from self._parked
        finally:
            self._parked = None

    def _rouse(self) -> None:
        """Have a handler that waits alone look again."""
        if self._parked is not None and not self._parked.done():
            self._parked.set_result(None)

    # ------------------------------------------------------------ waiting together

    def watch(self, future: DurableFuture[Any]) -> None:
        """Work towards a future that is awaited in another way than alone."""
        self._awaited[future.handle] = future
        self.go_on()

    def unwatch(self, future: DurableFuture[Any]) -> None:
        """Work no longer towards this future."""
        self._awaited.pop(future.handle, None)
        self.activity += 1

    def _wait_together(self, future: DurableFuture[Any]) -> Generator[Any, None, None]:
        host = self._host
        misplaced.require_own(future, host)
        if host.is_over:
            yield from host.refuse_await(future)
        yield from future.park()

    def _plan(self) -> None:
        """Ask the machine once the handler has come to rest."""
        self.activity += 1
        if not self._is_counting:
            self._is_counting = True
            self._loop.call_soon(self._count_quiet_turns, self.activity, 0, 0)

    def _count_quiet_turns(self, activity: int, quiet: int, turns: int) -> None:
        """Count turns of the loop without activity of the handler."""
        if activity != self.activity:
            quiet = 0
        elif quiet >= QUIET_TURNS and not tasks.is_runnable(self.main):
            turns = MAX_TURNS
        if turns >= MAX_TURNS:
            self._is_counting = False
            self._release_together()
            return
        self._loop.call_soon(self._count_quiet_turns, self.activity, quiet + 1, turns + 1)

    def _release_together(self) -> None:
        """Release the next result to a handler that awaits in several tasks."""
        awaited = self._awaited
        while awaited and not self._host.is_over:
            if self._exchange.is_write_paused or (self.codec is not None and self.codec.holds_back(awaited)):
                return
            answer = self._ask(None)
            if answer is RUN_BEGUN:
                continue
            if answer is RELEASED and self.codec is None:
                self._plan()
            elif answer is CANCELLED:
                self._interrupt(InvocationCancelledError())
            return

    def _interrupt(self, error: TerminalError) -> None:
        """Raise an error in what is awaited. A deadline continues, unless nothing else is awaited."""
        everything = list(self._awaited.values())
        interrupted = [future for future in everything if not future.is_deadline] or everything
        for future in interrupted:
            del self._awaited[future.handle]
            future.interrupt(error)

    # ------------------------------------------------------------ the machine

    def go_on(self) -> None:
        """Ask the machine again: it may have the next result."""
        self._rouse()
        self._plan()

    def advance(self) -> None:
        """Ask the machine again because of new input, if anything waits."""
        if self._parked is not None:
            if not self._parked.done():
                self._parked.set_result(None)
        elif self._awaited:
            self._plan()

    def close(self) -> None:
        """Release no more results: the attempt is over."""
        self._awaited.clear()
        if self.codec is not None:
            self.codec.close()
            self.codec = None
        del self._host  # or the two keep each other alive until the garbage collector finds them

    def _ask(self, alone: DurableFuture[Any] | None) -> _Answer:
        """Ask the machine for the next result, and do what it says.

        Args:
            alone: what the handler's only task awaits; None for all that its tasks await together.
        """
        host = self._host
        progress = host.machine.progress(alone.handle if alone is not None else self._leaves())
        match progress:  # without positions, which cost more than the attributes
            case _core.Completed():
                if host.unacknowledged:
                    host.acknowledge_consumed()
                future = alone if alone is not None else self._awaited.pop(progress.handle)
                if self.codec is None:
                    future.settle(progress.result)
                else:
                    self.codec.release(future, progress.result)
                return RELEASED
            case _core.RunRequired():
                if host.runs is not None:
                    host.runs.begin(progress.handle)
                return RUN_BEGUN
            case _core.InputRequired():
                host.acknowledge_all()
                host.flush()
                return INPUT_REQUIRED
            case _core.Cancelled():
                host.flush()
                return CANCELLED
            case _:
                host.end_at(self._location(is_alone=alone is not None))
                return SUSPENDED if isinstance(progress, _core.Suspended) else CLOSED

    def _leaves(self) -> int | _core.Awaiting:
        handles = list(self._awaited)
        return handles[0] if len(handles) == 1 else _core.Awaiting(ANY_OF, handles)

    def _location(self, *, is_alone: bool) -> CodeLocation | None:
        """Return the line at which the handler waits."""
        if is_alone:
            return code_location.caller(4)
        return None if self.main is None else code_location.innermost(self.main.get_coro())
