"""One attempt: joins an exchange, an endpoint machine and a handler.

Theory of operation. Bytes from the exchange go into the machine; when it has the whole journal, the handler starts as
one asyncio task. Commands go into the machine the moment the handler makes them; what the machine wants to say leaves
once per turn of the loop. Results are released one at a time, in journal order, and only when the handler has come to
rest, so that a handler with several tasks sees the same order on every replay:

- *Alone*: the handler's only task awaits a durable future directly. It is at rest by that fact; `wait` asks the
  machine at once, and a replayed result comes back without a turn of the loop.
- *Together*: the handler has other tasks, or awaits through `asyncio.gather` and the like. Then the handler counts as
  at rest when it showed no activity for `QUIET_TURNS` turns of the loop and its first task waits for something;
  `_at_rest` asks the machine.

A run executes in a task of its own, which does not count as the handler's: what cancels the handler's wait leaves it
alone, and the handler waits for its result as for any other.

The machine's terminal frame ends the exchange in the same breath. Whatever of the handler is left then is unwound.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any

from awaken import _core
from awaken.context import probe
from awaken.context.extensions import close_data, enter_context
from awaken.context.request import AttemptFinishedEvent
from awaken.diagnostics import development, tracebacks
from awaken.endpoint import code_location, generators, outcome, tasks
from awaken.endpoint.discarded_commands import DISCARDED_COMMANDS
from awaken.endpoint.handler_call import call, context_for, write_result
from awaken.endpoint.journal_codec import AttemptCodec
from awaken.endpoint.memory import MAX_PLACES
from awaken.errors import (
    AttemptClosedError,
    LocalProtocolError,
    SdkInternalBaseException,
    SdkInternalException,
    SuspendedException,
    TerminalError,
)
from awaken.exchange import WINDOW
from awaken.serde.validation import tell

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping

    from awaken.context.commands import Commands
    from awaken.context.context import Context
    from awaken.context.durable_future import DurableFuture
    from awaken.context.runs import RunFuture
    from awaken.endpoint.codec_source import CodecSource
    from awaken.endpoint.memory import AttemptMemory
    from awaken.endpoint.observer import AttemptObserver, ObserveAttempt
    from awaken.exchange import Exchange
    from awaken.handler.handler import Handler

log = logging.getLogger("awaken")

#: Turns of the loop without activity after which a handler with several tasks counts as at rest. A finished future
#: reaches whoever awaits it in one turn per layer (task, gather, wait, shield); nobody nests this many.
QUIET_TURNS = 8

#: Turns after which a handler that never rests gets its next result all the same: it may be polling for it.
MAX_TURNS = 1000

#: Operations refused with an error once the attempt is over. Whoever swallows that many would go on for ever without
#: leaving the loop to others; later ones are held instead.
MAX_REFUSALS = 10

#: Replayed results handed over without a turn of the loop before other streams get theirs.
RESULTS_PER_TURN = 256

#: Combinator of futures whose relation only the handler knows.
ANY_OF = 0


class Attempt:
    """Drives one endpoint machine: pumps bytes, runs the handler, flushes. Implements Receiver and Driver."""

    __slots__ = (
        "_activity",
        "_awaited",
        "_closing",
        "_codec",
        "_codec_source",
        "_commands",
        "_content_type",
        "_exchange",
        "_finished",
        "_flush_planned",
        "_handler",
        "_has_complained",
        "_hash_base",
        "_headers",
        "_helpers",
        "_interrupted_at",
        "_is_abandoned",
        "_is_draining",
        "_is_flush_held",
        "_is_request_open",
        "_is_started",
        "_memory",
        "_observer",
        "_parked",
        "_places",
        "_refusals",
        "_released",
        "_rest_planned",
        "_run_tasks",
        "_runs",
        "_task",
        "_tasks_created",
        "_thread",
        "_unacknowledged",
        "_version",
        "is_strict",
        "loop",
        "machine",
    )

    def __init__(
        self,
        exchange: Exchange,
        handler: Handler[Any, Any],
        version: int,
        headers: tuple[tuple[str, str], ...],
        codec: CodecSource | None = None,
        is_strict: bool = False,
        memory: AttemptMemory | None = None,
        observe: ObserveAttempt | None = None,
    ) -> None:
        """Start receiving.

        Args:
            exchange: the stream.
            handler: what to run.
            version: negotiated version of the invocation protocol.
            headers: of the response.
            codec: changes every value's bytes on their way into the journal and back.
            is_strict: whether every value is checked against its annotation.
            memory: of the endpoint's earlier attempts, for the text of a mismatch.
            observe: makes what watches the attempt.
        """
        is_development = development.is_enabled()
        self.machine = _core.EndpointMachine(version, reveal_payloads=is_development)
        self._commands: Commands = self.machine
        self._observer: AttemptObserver | None = None
        if observe is not None:
            self._observer = observe(self.machine, handler.target, exchange.headers)
            self._commands = self._observer.commands(self.machine)
        self._memory = memory
        #: Where the handler issued its commands, by command index.
        self._places: dict[int, str] | None = {} if is_development else None
        self._version = version
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._exchange = exchange
        self._handler = handler
        self._headers = headers
        self._codec_source = codec
        self.is_strict = is_strict
        self._codec: AttemptCodec | None = None
        self._finished: AttemptFinishedEvent | None = None
        self._task: asyncio.Task[None] | None = None
        #: The future on which the handler waits alone for more input.
        self._parked: asyncio.Future[None] | None = None
        #: Futures awaited through callbacks, by handle.
        self._awaited: dict[int, DurableFuture[Any]] = {}
        #: Tasks the handler started and that are not done.
        self._helpers: set[asyncio.Task[Any]] = set()
        #: Runs whose closure has not been executed yet, by handle.
        self._runs: dict[int, RunFuture[Any]] = {}
        #: Runs whose closure executes, by handle.
        self._run_tasks: dict[int, asyncio.Task[None]] = {}
        #: Tasks that close generators.
        self._closing: list[asyncio.Task[None]] | None = None
        self._is_started = False
        self._is_abandoned = False
        self._is_draining = False
        self._is_request_open = True
        self._flush_planned = False
        self._is_flush_held = False
        self._rest_planned = False
        self._activity = 0
        self._released = 0
        self._unacknowledged = 0
        self._hash_base = 0
        self._tasks_created = 0
        self._refusals = 0
        self._has_complained = False
        #: Where in the handler the end of the attempt was raised.
        self._interrupted_at: code_location.CodeLocation | None = None

    # ------------------------------------------------------------ Receiver: told by the transport

    def receive_data(self, data: bytes) -> None:
        """Feed the machine; give flow-control credit back as the handler consumes."""
        self._unacknowledged += len(data)
        machine = self.machine
        if self._is_draining and self._is_started:
            self._acknowledge()  # what comes now is in the journal of the next attempt
            return
        machine.receive(data)
        self._consumed()
        self._advance()

    def receive_end(self) -> None:
        """Note that the runtime asks to suspend, or has nothing more to say."""
        if self._is_abandoned:
            return
        self._is_request_open = False
        self.machine.receive_end()
        self._advance()

    def disconnect(self) -> None:
        """Unwind the handler: nothing it does counts any more."""
        if self._is_abandoned:
            return
        self._is_abandoned = True
        self._unwind()

    def resume_writing(self) -> None:
        """Go on where the peer's slowness stopped the handler."""
        self._advance()

    def drain(self) -> None:
        """Suspend at the next await: what `receive_end` means, decided on this side."""
        self._is_draining = True
        if not self._is_abandoned and self._is_started:
            self.machine.receive_end()
            self._advance()

    # ------------------------------------------------------------ Driver: used by futures and contexts

    def issue(self, operation: str) -> Commands:
        """Return what takes a command, and have its output leave in this turn of the loop."""
        run = tasks.executing_run.get()
        if run is not None or (generators.collecting_thread and generators.is_collecting()):
            raise self._misplaced(operation, run)
        if threading.get_ident() != self._thread:
            raise LocalProtocolError(
                f"cannot {operation} in the thread {threading.current_thread().name}: durable operations of "
                f"{self._where()} belong to the thread of its event loop; move this into the handler"
            )
        if self.machine.is_closed() or self._is_abandoned:
            return self._refuse(operation)
        self._activity += 1
        if self._places is not None:
            self._note_place(self._places)
        if not self._flush_planned:
            self._plan_flush()
        return self._commands

    @property
    def attempt_headers(self) -> Mapping[str, str]:
        """Headers of the attempt's HTTP request."""
        return self._exchange.headers

    @property
    def attempt_finished(self) -> AttemptFinishedEvent:
        """Set when the attempt is over."""
        if self._finished is None:
            self._finished = AttemptFinishedEvent()
            if self._is_abandoned:
                self._finished.set()
        return self._finished

    @property
    def target(self) -> str:
        """Service and handler, as `Greeter/greet`."""
        return self._handler.target

    def define_run(self, future: RunFuture[Any]) -> None:
        """Keep a run's closure until its result is awaited."""
        self._runs[future.handle] = future

    @property
    def hash_base(self) -> int:
        """A number that differs between invocations and is the same in all attempts of one."""
        if not self._hash_base:
            self._hash_base = zlib.crc32(self.machine.invocation_id.encode()) + 1
        return self._hash_base

    def wait(self, future: DurableFuture[Any]) -> Generator[Any, None, None]:
        """Wait in the awaiting task until the future is done."""
        future.is_awaited = True
        if self._helpers or self._awaited or asyncio.current_task(self.loop) is not self._task:
            yield from self._wait_together(future)
            return
        machine, codec = self.machine, self._codec
        while not future.done():
            if self._is_abandoned:
                yield from self._unwind_again(future)
            if self._exchange.is_write_paused or (codec is not None and codec.holds_back_for(future)):
                yield from self._park()
                continue
            progress = machine.progress(future.handle)
            match progress:
                case _core.Completed(_, result):
                    self._consumed()
                    if codec is not None:
                        codec.release(future, result)
                        continue
                    future.settle(result)
                    self._released += 1
                    if self._released % RESULTS_PER_TURN == 0:
                        yield
                    continue
                case _core.RunRequired(handle):
                    self._begin(handle)
                case _core.InputRequired():
                    self._flush()
                case _core.Cancelled():
                    self._flush()
                    raise TerminalError("cancelled", 409)
                case _:
                    self._interrupted_at = code_location.caller(2)
                    outcome.explain(machine, self.target, self._interrupted_at)
                    self._close()
                    raise self._unwinding(progress)
            self._acknowledge()
            yield from self._park()
            if self._helpers or self._awaited:  # something beside this task began to wait
                yield from self._wait_together(future)
                return

    def watch(self, future: DurableFuture[Any]) -> None:
        """Work towards a future that something other than a direct await waits for."""
        if self._is_abandoned:
            return
        self._require_own(future)
        future.is_awaited = True
        self._awaited[future.handle] = future
        self._plan_rest()
        self._rouse()

    def unwatch(self, future: DurableFuture[Any]) -> None:
        """Work no longer towards this future."""
        self._awaited.pop(future.handle, None)
        self._activity += 1

    # ------------------------------------------------------------ the handler

    async def _run_observed(self, observer: AttemptObserver, context: Context, request: _core.Input) -> None:
        with observer.around_handler(request):
            await self._run_handler(context, request)

    async def _run_handler(self, context: Context, request: _core.Input) -> None:
        tasks.owner.set(self)
        tasks.executing_run.set(None)  # in one process a run of another invocation may have begun this
        machine = self.machine
        enter_context(context)
        try:
            body = request.body
            if self._codec_source is not None:
                codec = self._codec = AttemptCodec(self, await self._codec_source.get(), self._commands)
                self._commands = codec.commands
                if self._handler.arity == 2:
                    body = await codec.decode_value(body)
            try:
                result = await call(self._handler, context, body, is_strict=self.is_strict)
            except TerminalError:
                if self._closing:
                    await self._end_generators()
                raise
            if self._closing:
                await self._end_generators()
            body = write_result(self._handler, result, is_strict=self.is_strict)
            if self.is_over:
                self.complain("returned", self._interrupted_at)
            else:
                try:
                    self._commands.succeed(body)
                except LocalProtocolError as error:
                    raise self._unsendable(f"the result of {self.target}", error) from error
                if self._runs:
                    self._report_lost_runs()
        except BaseException as error:  # whatever it is, it ends this attempt and nothing else
            if machine.is_closed():
                if machine.error is not None:  # most are suspended, and looking for the line costs
                    outcome.explain(machine, self.target, code_location.raised(error), error)
            elif not self._is_abandoned:
                self._report(error)
        try:
            if context._data:
                close_data(context._data)
        finally:
            self._task = None
            self._close()

    def _start_handler(self) -> None:
        if self._memory is not None:
            self._memory.recall(self.machine)
        try:
            request = self.machine.take_input()
        except SdkInternalException as error:  # the journal does not begin with an input that can be read
            outcome.explain(self.machine, self.target, None, error)
            self._close()
            return
        self._is_started = True
        tasks.install(self.loop)
        generators.install()
        context = context_for(self._handler, self, request)
        running = (
            self._run_handler(context, request)
            if self._observer is None
            else self._run_observed(self._observer, context, request)
        )
        self._task = asyncio.Task(running, loop=self.loop, name=self._handler.target)
        if self._is_draining:
            self.machine.receive_end()

    def _begin(self, handle: int) -> None:
        """Have a run executed in a task of its own: what cancels the handler's tasks leaves it alone."""
        run = self._runs.pop(handle)
        self._run_tasks[handle] = asyncio.Task(
            self._execute(run) if self._observer is None else self._execute_observed(self._observer, run),
            loop=self.loop,
            name=run.subject,
            context=run.context,
        )
        self._is_flush_held = self._flush_planned

    async def _execute_observed(self, observer: AttemptObserver, run: RunFuture[Any]) -> None:
        with observer.around_run(run.name):
            await self._execute(run)

    async def _execute(self, run: RunFuture[Any]) -> None:
        """Execute the closure of a run and propose its result."""
        tasks.executing_run.set(run.name)
        started = time.monotonic()
        try:
            value = await run.execute()
            if not self.is_over:
                try:
                    self._commands.propose_run_value(run.handle, value)
                except LocalProtocolError as error:
                    raise self._unsendable(f"the result of {run.subject} of {self.target}", error) from error
        except BaseException as error:  # whatever it is, it ends this attempt and nothing else
            if not self.is_over:
                elapsed = int((time.monotonic() - started) * 1000)
                self._report_run(run, error, elapsed)
        del self._run_tasks[run.handle]
        self._flush()
        self._end_run()

    def _end_run(self) -> None:
        """Go on after a run, unless its acknowledgement has to come first."""
        if not self.machine.is_closed():
            if not self.machine.is_input_open():
                self._advance()
        elif self._parked is None:
            self._close()
        else:  # the handler gets the error before it is unwound
            self._rouse()
            self._is_flush_held = self._flush_planned
            if not self._flush_planned:
                self._plan_flush()

    def _report_lost_runs(self) -> None:
        """Name the runs that the handler asked for, never awaited, and left behind when it returned."""
        for run in self._runs.values():
            if run.is_awaited:
                continue
            lost = probe.LostRun(run.name, run.place, self.target, self.machine.invocation_id)
            log.warning("%s (%s): %s", lost.target, lost.invocation_id, lost)
            for watcher in list(probe.watchers):
                watcher.note_lost_run(lost)

    def _report(self, error: BaseException) -> None:
        """Tell the machine how the handler failed."""
        if self._observer is not None:
            self._observer.note_failure(error, None)
        try:
            outcome.report(self.machine, error, self._handler.target, self._version)
        except BaseException as broken:  # the code of an error is user code too
            outcome.report_broken(self.machine, error, broken)

    def _report_run(self, run: RunFuture[Any], error: BaseException, elapsed_ms: int) -> None:
        """Tell the machine how a run's closure failed, after how many milliseconds."""
        if self._observer is not None:
            self._observer.note_failure(error, run.name)
        try:
            outcome.report_run(self.machine, run, error, elapsed_ms, self._version)
        except BaseException as broken:
            outcome.report_broken(self.machine, error, broken)

    # ------------------------------------------------------------ waiting

    def _park(self) -> Generator[Any, None, None]:
        self._parked = self.loop.create_future()
        try:
            yield from self._parked
        finally:
            self._parked = None

    def _wait_together(self, future: DurableFuture[Any]) -> Generator[Any, None, None]:
        self._require_own(future)
        if self.is_over:
            yield from self._unwind_again(future)
        yield from future.park()

    def _require_own(self, future: DurableFuture[Any]) -> None:
        """Refuse a run that awaits, and another handler: on its replay the future might not be there."""
        run = tasks.executing_run.get()
        if run is not None:
            raise self._misplaced(f"await {future.subject}", run)
        if tasks.owner.get() not in (self, None):
            raise LocalProtocolError(
                f"cannot await {future.subject} at {code_location.caller()}: it belongs to {self._where()}, and a "
                "handler can only await what its own context returned"
            )

    def _misplaced(self, operation: str, run: str | None) -> LocalProtocolError:
        if run is None or run is tasks.COLLECTED:
            return LocalProtocolError(
                f"cannot {operation} at {code_location.caller()} for the garbage collector: it runs at another place "
                f"of {self._where()} in each replay; close what holds this in the handler, for async generators with "
                "contextlib.aclosing(...)"
            )
        return LocalProtocolError(
            f'cannot {operation} inside the run "{run}" of {self._where()}: a run is one side effect '
            "without durable operations; move this into the handler"
        )

    @staticmethod
    def _unsendable(subject: str, error: LocalProtocolError) -> LocalProtocolError:
        return LocalProtocolError(f"{subject} cannot be sent: {error.message}")

    def _rouse(self) -> None:
        """Have a handler that waits alone look again."""
        if self._parked is not None and not self._parked.done():
            self._parked.set_result(None)

    def _plan_rest(self) -> None:
        self._activity += 1
        if not self._rest_planned:
            self._rest_planned = True
            self.loop.call_soon(self._count_quiet_turns, self._activity, 0, 0)

    def _count_quiet_turns(self, activity: int, quiet: int, turns: int) -> None:
        """Count turns of the loop without activity of the handler."""
        if activity != self._activity:
            quiet = 0
        elif quiet >= QUIET_TURNS and not tasks.is_runnable(self._task):
            turns = MAX_TURNS
        if turns >= MAX_TURNS:
            self._rest_planned = False
            self._at_rest()
            return
        self.loop.call_soon(self._count_quiet_turns, self._activity, quiet + 1, turns + 1)

    def note_activity(self) -> None:
        """Note that a task of the handler took a step."""
        self._activity += 1

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Own a task that the handler started."""
        self._activity += 1
        self._helpers.add(task)
        task.add_done_callback(self._release_helper)
        self._rouse()

    def close_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Close an async generator that the handler left, in a task of the handler."""
        if self._closing is None:
            self._closing = []
        self._closing.append(self.loop.create_task(generator.aclose()))

    async def _end_generators(self) -> None:
        """Wait until the generators that the handler left are closed; what one raises, the handler does."""
        while self._closing:
            closing, self._closing = self._closing, None
            await asyncio.wait(closing)
            for task in closing:
                task.result()

    def number_task(self) -> int:
        """Return the number of the next task, which repeats in every attempt."""
        self._tasks_created += 1
        return self._tasks_created

    @property
    def is_over(self) -> bool:
        """Whether nothing the handler does counts any more."""
        return self._is_abandoned or self.machine.is_closed()

    def _release_helper(self, task: asyncio.Task[Any]) -> None:
        self._activity += 1
        self._helpers.discard(task)
        if task._log_traceback and (error := task._exception) is not None:
            # Unless the handler looks at it, asyncio logs the error as it is now.
            error.__traceback__ = tracebacks.authored(error.__traceback__)

    def _at_rest(self) -> None:
        """Release the next result to a handler that awaits in several tasks."""
        awaited = self._awaited
        while awaited and not self.machine.is_closed() and not self._is_abandoned:
            if self._exchange.is_write_paused:
                return
            if self._codec is not None and self._codec.holds_back(awaited):
                return
            handles = list(awaited)
            progress = self.machine.progress(
                handles[0] if len(handles) == 1 else _core.Awaiting(ANY_OF, handles)
            )
            match progress:
                case _core.Completed(handle, result):
                    self._consumed()
                    if self._codec is not None:
                        self._codec.release(awaited.pop(handle), result)
                        return
                    awaited.pop(handle).settle(result)
                    self._plan_rest()
                    return
                case _core.RunRequired(handle):
                    self._begin(handle)
                case _core.InputRequired():
                    self._acknowledge()
                    self._flush()
                    return
                case _core.Cancelled():
                    self._flush()
                    everything = list(awaited.values())
                    # A deadline goes on; what it bounds is told, unless there is nothing else to tell.
                    interrupted = [future for future in everything if not future.is_deadline] or everything
                    for future in interrupted:
                        awaited.pop(future.handle)
                        future.interrupt(TerminalError("cancelled", 409))
                    return
                case _:
                    place = None if self._task is None else code_location.innermost(self._task.get_coro())
                    outcome.explain(self.machine, self.target, place)
                    self._close()
                    return

    # ------------------------------------------------------------ moving on

    def go_on(self) -> None:
        """Release the next result when the handler has come to rest."""
        self._rouse()
        self._plan_rest()

    def fail(self, error: Exception, what: str) -> BaseException:
        """End the attempt with an error that is not the handler's, and return what unwinds the handler."""
        self._report(error)
        self._close()
        return SdkInternalException(f"{self._where()}: {what}: {tell(error)}")

    def _note_place(self, known: dict[int, str]) -> None:
        """Note which line issues the next command."""
        if len(known) < MAX_PLACES and (place := code_location.caller()) is not None:
            known[self.machine.last_command[0] + 1] = str(place)

    def _advance(self) -> None:
        """Do what new input made possible."""
        machine = self.machine
        if machine.is_closed():
            self._close()
        elif not self._is_started:
            if machine.is_ready():
                self._start_handler()
        elif self._parked is not None:
            self._rouse()
        elif self._awaited:
            self._plan_rest()

    def _consumed(self) -> None:
        """Give back the credit that the machine does not want held back."""
        if self._unacknowledged:
            excess = self._unacknowledged - self.machine.unacknowledged_limit(WINDOW)
            if excess > 0:
                self._unacknowledged -= excess
                self._exchange.acknowledge(excess)

    def _acknowledge(self) -> None:
        """Give back all credit; a handler that waits for input has to get it."""
        if self._unacknowledged:
            self._exchange.acknowledge(self._unacknowledged)
            self._unacknowledged = 0

    def _plan_flush(self) -> None:
        self._flush_planned = True
        self.loop.call_soon(self._planned_flush)

    def _planned_flush(self) -> None:
        if self._is_flush_held:  # a run's command leaves with its result, if its first step gives it
            self._is_flush_held = False
            self._plan_flush()
            return
        self._flush_planned = False
        if self.machine.is_closed():
            self._explain_failed_task()
            self._close()
        else:
            self._flush()

    def _flush(self) -> None:
        """Hand the machine's output to the exchange, the response's head before the first of it."""
        if self._is_abandoned:
            return
        exchange = self._exchange
        if self._headers:
            if not exchange.is_bidirectional and self._is_request_open:
                return  # simple peers do not read a response before their request is through
            exchange.start(200, self._headers)
            self._headers = ()
        if self.machine.is_output_pending():
            exchange.write(self.machine.take_output())

    def _close(self) -> None:
        """End the exchange with the terminal frame, and unwind what is left of the handler."""
        if self._is_abandoned or not self.machine.is_closed():
            return
        self._flush()
        if self._headers:
            return  # until the request is through
        self._is_abandoned = True
        self._exchange.end()
        self._unwind()

    def _explain_failed_task(self) -> None:
        """Tell where a task of the handler asked for what the machine refused, before the frame leaves."""
        for task in self._helpers:
            error = task.exception() if task.done() and not task.cancelled() else None
            if isinstance(error, SdkInternalException):
                outcome.explain(self.machine, self.target, code_location.raised(error), error)

    def _unwind(self) -> None:
        """Cancel what is left of the handler; its `finally` blocks run."""
        if self._memory is not None:
            self._memory.keep(self.machine, self._places)
        self._acknowledge()
        if self._finished is not None:
            self._finished.set()
        if self._codec is not None:
            self._codec.close()
        self._runs.clear()
        self._awaited.clear()
        for task in (*self._helpers, *self._run_tasks.values()):
            task.cancel()
        if self._task is not None and self._task is not asyncio.current_task(self.loop):
            self._interrupted_at = code_location.innermost(self._task.get_coro())
            self._task.cancel()

    def _refuse(self, operation: str) -> Commands:
        """Refuse an operation of a handler that goes on after its attempt."""
        self._refusals += 1
        place = code_location.caller()
        unwinding = sys.exception()
        is_cleanup = isinstance(unwinding, (asyncio.CancelledError, GeneratorExit, SdkInternalBaseException))
        if not is_cleanup and not self._has_complained:
            self._has_complained = True
            self.complain(f"asked to {operation} at {place}", self._interrupted_at)
        if self._refusals > MAX_REFUSALS:
            return DISCARDED_COMMANDS
        raise AttemptClosedError(
            f"cannot {operation} at {place}: the attempt of {self._where()} is over; find the "
            "`except BaseException` or the task that outlived it"
        )

    def _unwind_again(self, future: DurableFuture[Any]) -> Generator[Any, None, None]:
        """Refuse an await of a handler that goes on after its attempt."""
        if self._refuse(f"await {future.subject}") is DISCARDED_COMMANDS:
            while True:
                yield from self.loop.create_future()

    def complain(self, deed: str, interrupted_at: code_location.CodeLocation | None) -> None:
        """Name code that goes on after the end of its attempt."""
        log.warning(
            "%s %s after its attempt was over; find the `except BaseException` or bare `except` that hid it%s",
            self._where(),
            deed,
            f" around {interrupted_at}" if interrupted_at is not None else "",
        )

    def _unwinding(self, progress: _core.Progress) -> SdkInternalBaseException:
        if isinstance(progress, _core.Suspended):
            return SuspendedException(f"{self._where()} is suspended")
        code, message = self.machine.error or (0, "the attempt is over")
        return AttemptClosedError(f"{self._where()}: [{code}] {message}")

    def _where(self) -> str:
        return f"{self._handler.target} ({self.machine.invocation_id})"
