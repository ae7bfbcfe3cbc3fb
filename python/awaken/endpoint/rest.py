"""Which tasks of a handler wait, when all of them have come to rest, and which result is released then.

`awaken.endpoint.attempt` explains why results are released at rest only, and what waiting alone and together is.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Final, TypeVar

from awaken import _core
from awaken.diagnostics import tracebacks
from awaken.endpoint import aftermath, code_location, generators, tasks
from awaken.endpoint.stream import DUE, AttemptStream
from awaken.errors import InvocationCancelledError, TerminalError

if TYPE_CHECKING:
    from collections.abc import Generator, Set

    from awaken.context.durable_future import DurableFuture
    from awaken.endpoint.code_location import CodeLocation
    from awaken.endpoint.flushes import Flushes
    from awaken.endpoint.journal_codec import AttemptCodec
    from awaken.endpoint.run_tasks import RunTasks
    from awaken.exchange import Exchange

__all__ = ["Rest"]

T = TypeVar("T")

#: Turns of the loop without activity after which a handler with several tasks counts as at rest. A finished future
#: reaches the task that awaits it in one turn per layer (task, gather, wait, shield); no code nests this many.
QUIET_TURNS: Final = 8

#: Turns after which a handler that never rests still receives its next result: it may be polling for it.
MAX_TURNS: Final = 1000

#: Replayed results handed over without a turn of the loop before other streams get theirs.
RESULTS_PER_TURN: Final = 256


#: The tasks of a handler that has started none, as most have not.
_NONE: Final[frozenset[asyncio.Task[Any]]] = frozenset()

# As globals: a lookup on a durable future costs more, because its class has `__getattr__`.
_is_done = asyncio.Future.done
_result = asyncio.Future.result
_RUN_REQUIRED: Final = _core.RUN_REQUIRED
_INPUT_REQUIRED: Final = _core.INPUT_REQUIRED
_CANCELLED: Final = _core.CANCELLED
_SUSPENDED: Final = _core.SUSPENDED


class Rest(AttemptStream):
    """The part of an attempt that releases results to the tasks of its handler.

    Args:
        exchange: the stream.
        machine: of the attempt.
        headers: of the response; None if `exchange` is an `Invocation`.
        flushes: of the loop that runs the handler.
    """

    __slots__ = (
        "_awaited",
        "_is_counting",
        "_parked",
        "_released",
        "activity",
        "codec",
        "helpers",
        "main",
        "runs",
    )

    def __init__(
        self,
        exchange: Exchange | _core.Invocation,
        machine: _core.EndpointMachine,
        headers: tuple[tuple[str, str], ...] | None,
        flushes: Flushes,
    ) -> None:
        AttemptStream.__init__(self, exchange, machine, headers, flushes)
        self.codec: AttemptCodec | None = None
        #: The runs of the handler, once it has asked for one.
        self.runs: RunTasks | None = None
        #: The task of the handler, while it runs.
        self.main: asyncio.Task[None] | None = None
        #: Tasks that the handler started and that are not done.
        self.helpers: Set[asyncio.Task[Any]] = _NONE
        #: Counts everything the handler does.
        self.activity = 0
        #: The future on which the handler waits alone for more input.
        self._parked: asyncio.Future[None] | None = None
        #: Futures awaited together, by handle.
        self._awaited: dict[int, DurableFuture[Any]] | None = None
        self._is_counting = False
        self._released = 0

    # ------------------------------------------------------------ what the attempt adds

    @abstractmethod
    def end_at(self, location: CodeLocation | None) -> None:
        """End the exchange: the machine is closed, and the handler waits at this line."""

    @abstractmethod
    def refuse_await(self, future: DurableFuture[Any]) -> Generator[Any, None, None]:
        """Refuse an await after the end of the attempt."""

    @property
    @abstractmethod
    def where(self) -> str:
        """The handler and its invocation, for texts."""

    @abstractmethod
    def require_own(self, future: DurableFuture[Any]) -> None:
        """Refuse an await in a run, and in another handler."""

    # ------------------------------------------------------------ the handler's tasks

    def note_activity(self) -> None:
        """Note that a task of the handler took a step."""
        self.activity += 1

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Note a task that the handler started: from now on it waits together."""
        self.activity += 1
        if isinstance(self.helpers, set):
            self.helpers.add(task)
        else:
            self.helpers = {task}
        task.add_done_callback(self._release_helper)
        self._rouse()

    def _release_helper(self, task: asyncio.Task[Any]) -> None:
        self.activity += 1
        if isinstance(self.helpers, set):
            self.helpers.discard(task)
        if task._log_traceback and (error := task._exception) is not None:
            # Unless the handler looks at it, asyncio logs the error as it is now.
            error.__traceback__ = tracebacks.authored(error.__traceback__)

    # ------------------------------------------------------------ waiting alone

    @property
    def is_parked(self) -> bool:
        """Whether the handler waits alone for a result that has not arrived."""
        return self._parked is not None

    def wait(self, future: DurableFuture[T]) -> Generator[Any, None, T]:
        """Wait in the awaiting task until the future is done, and return or raise its result."""
        # One generator for all of it: each frame of a waiting handler takes memory, and each step passes through it.
        future.is_awaited = True
        if _is_done(future):
            return _result(future)
        if self.is_abandoned:
            yield from self.refuse_await(future)
        if self.helpers or self._awaited or tasks.current_task(self.loop) is not self.main:
            yield from self._wait_together(future)
            return _result(future)
        machine, codec, handle = self.machine, self.codec, future.handle
        while True:
            if (self._flush_state >= DUE and self._exchange.is_write_paused) or (
                codec is not None and codec.holds_back_for(future)
            ):
                pass  # nothing may be released
            elif not isinstance(answer := machine.take_result(handle), int):
                if self.unacknowledged:
                    self.acknowledge_consumed()
                if codec is None:
                    future.settle(answer)
                    self._released += 1
                    if self._released % RESULTS_PER_TURN == 0:
                        yield
                    return _result(future)
                codec.release(future, answer)
            elif answer == _INPUT_REQUIRED:
                if self.unacknowledged:
                    self.acknowledge_all()
                self.flush()
            elif answer == _RUN_REQUIRED:
                if self.runs is not None:
                    self.runs.begin(handle)
                if self.unacknowledged:
                    self.acknowledge_all()
            elif answer == _CANCELLED:
                self.flush()
                raise InvocationCancelledError()
            else:
                self.end_at(code_location.caller(1))
                raise aftermath.unwinding(machine, self.where, is_suspended=answer == _SUSPENDED)
            parked = self._parked = asyncio.Future(loop=self.loop)
            try:
                yield from parked
            finally:
                self._parked = None
            if _is_done(future):
                return _result(future)
            if self.is_abandoned:
                yield from self.refuse_await(future)
            if self.helpers or self._awaited:  # another task has begun to wait
                yield from self._wait_together(future)
                return _result(future)

    def _rouse(self) -> None:
        """Have a handler that waits alone look again."""
        if self._parked is not None and not self._parked.done():
            self._parked.set_result(None)

    # ------------------------------------------------------------ waiting together

    def watch(self, future: DurableFuture[Any]) -> None:
        """Work towards a future that is awaited in another way than directly."""
        if self.is_abandoned:
            return
        self.require_own(future)
        future.is_awaited = True
        if self._awaited is None:
            self._awaited = {}
        self._awaited[future.handle] = future
        if future.handle >= 0:  # the codec holds what is below
            self.machine.join(future.handle)
        self.go_on()

    def unwatch(self, future: DurableFuture[Any]) -> None:
        """Work no longer towards this future."""
        if generators.is_of_collector():
            return  # it comes at another time in each attempt, and what is awaited decides the order of results
        if self._awaited is not None and self._awaited.pop(future.handle, None) is not None:
            self._leave(future)
        self.activity += 1

    def _wait_together(self, future: DurableFuture[Any]) -> Generator[Any, None, None]:
        self.require_own(future)
        if self.is_over:
            yield from self.refuse_await(future)
        yield from future.park()

    def _plan(self) -> None:
        """Ask the machine once the handler has come to rest."""
        self.activity += 1
        if not self._is_counting:
            self._is_counting = True
            self.loop.call_soon(self._count_quiet_turns, self.activity, 0, 0)

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
        self.loop.call_soon(self._count_quiet_turns, self.activity, quiet + 1, turns + 1)

    def _release_together(self) -> None:
        """Release the next result to a handler that awaits in several tasks."""
        awaited = self._awaited
        while awaited and not self.is_over:
            if self._exchange.is_write_paused or (self.codec is not None and self.codec.holds_back(awaited)):
                return
            progress = self.machine.progress_together()
            match progress:  # without positions, which cost more than the attributes
                case _core.Completed():
                    if self.unacknowledged:
                        self.acknowledge_consumed()
                    future = awaited.pop(progress.handle)
                    if self.codec is None:
                        future.settle(progress.result)
                        self._plan()
                    else:
                        self.codec.release(future, progress.result)
                    return
                case _core.RunRequired():
                    if self.runs is not None:
                        self.runs.begin(progress.handle)
                case _core.InputRequired():
                    self.acknowledge_all()
                    self.flush()
                    return
                case _core.Cancelled():
                    self.flush()
                    self._interrupt(awaited, InvocationCancelledError())
                    return
                case _:
                    self.end_at(None if self.main is None else code_location.innermost(self.main.get_coro()))
                    return

    def _interrupt(self, awaited: dict[int, DurableFuture[Any]], error: TerminalError) -> None:
        """Raise an error in what is awaited. A deadline continues, unless nothing else is awaited."""
        everything = list(awaited.values())
        interrupted = [future for future in everything if not future.is_deadline] or everything
        for future in interrupted:
            del awaited[future.handle]
            self._leave(future)
            future.interrupt(error)

    def _leave(self, future: DurableFuture[Any]) -> None:
        if future.handle >= 0:
            self.machine.leave(future.handle)

    # ------------------------------------------------------------ moving on

    def go_on(self) -> None:
        """Ask the machine again when the handler has come to rest: it may have the next result."""
        self._rouse()
        self._plan()

    def advance(self) -> None:
        """Ask the machine again because of new input, if anything waits."""
        if self._parked is not None:
            if not self._parked.done():
                self._parked.set_result(None)
        elif self._awaited:
            self._plan()

    def _release_no_more(self) -> None:
        """Release no more results: the attempt is over."""
        self._awaited = None
        if self.codec is not None:
            self.codec.close()
            self.codec = None
