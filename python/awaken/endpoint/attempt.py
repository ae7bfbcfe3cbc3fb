"""One attempt: joins an exchange, an endpoint machine and a handler.

Theory of operation. Bytes from the exchange go into the machine; when it has the whole journal, the handler starts as
one asyncio task. Commands go into the machine the moment the handler issues them; the machine's output leaves once per
turn of the loop (`AttemptStream`). Results are released one at a time, in journal order, and only when the
handler has come to rest, so that a handler with several tasks sees the same order on every replay (`Rest`):

- *Alone*: the handler's only task awaits a durable future directly. It is at rest by that fact; `Rest.wait` asks the
  machine at once, and a replayed result comes back without a turn of the loop.
- *Together*: the handler has other tasks, or awaits through `asyncio.gather` and the like. Then the handler counts as
  at rest when it showed no activity for `QUIET_TURNS` turns of the loop and its first task waits for something. Then
  `Rest` asks the machine.

A run executes in a task of its own, which does not count as the handler's (`RunTasks`): what cancels the handler's wait
leaves it alone, and the handler waits for its result as for any other.

The machine's terminal frame ends the exchange at once. Then the rest of the handler is unwound, and everything that it
still asks for is refused (`Aftermath`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
import zlib
from typing import TYPE_CHECKING, Any

from awaken.context.extensions import close_data, running
from awaken.diagnostics import development
from awaken.endpoint import (
    aftermath,
    blocked_loop,
    code_location,
    generators,
    misplaced,
    outcome,
    tasks,
    unawaited,
)
from awaken.endpoint.handler_call import call, context_for, write_result
from awaken.endpoint.journal_codec import AttemptCodec
from awaken.endpoint.memory import note_location
from awaken.endpoint.observer import run_within
from awaken.endpoint.rest import Rest
from awaken.endpoint.run_tasks import RunTasks, unsendable
from awaken.endpoint.stream import DUE
from awaken.errors import LocalProtocolError, SdkInternalException, TerminalError
from awaken.serde.validation import error_text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from awaken import _core
    from awaken.context.commands import Commands
    from awaken.context.context import Context
    from awaken.context.durable_future import DurableFuture
    from awaken.context.runs import RunFuture
    from awaken.context.unawaited import UnawaitedCoroutine
    from awaken.endpoint.attempt_numbers import HandlerNumbers
    from awaken.endpoint.attempt_settings import AttemptSettings
    from awaken.endpoint.code_location import CodeLocation
    from awaken.endpoint.observer import AttemptObserver
    from awaken.exchange import Exchange
    from awaken.handler.handler import Handler
    from awaken.serde.codec_source import CodecSource

__all__ = ["Attempt"]

log = logging.getLogger("awaken")


class Attempt(Rest):
    """Runs one handler on one machine. Implements Driver, for its context and futures, and Owner, for its tasks."""

    __slots__ = (
        "_aftermath",
        "_began",
        "_closing_generators",
        "_coroutines",
        "_handler",
        "_hash_base",
        "_interrupted_at",
        "_is_failed",
        "_locations",
        "_settings",
        "_tasks_created",
        "_thread",
        "commands",
        "is_strict",
        "numbers",
        "observer",
        "version",
    )

    def __init__(
        self,
        exchange: Exchange | _core.Invocation,
        machine: _core.EndpointMachine,
        handler: Handler[Any, Any],
        version: int,
        headers: tuple[tuple[str, str], ...] | None,
        settings: AttemptSettings,
    ) -> None:
        """Start receiving.

        Args:
            exchange: the stream.
            machine: that speaks the protocol.
            handler: what to run.
            version: negotiated version of the invocation protocol.
            headers: of the response; None if `exchange` is an `Invocation`, which knows them.
            settings: of the endpoint.
        """
        is_development = development.is_enabled()
        if is_development:
            machine.reveal_payloads()
        self._thread = threading.get_ident()
        Rest.__init__(self, exchange, machine, headers, settings.flushes_on(asyncio.get_running_loop()))
        self._handler = handler
        self.version = version
        self.is_strict = settings.is_strict
        self._settings = settings
        #: Where the handler issued its commands, by command index.
        self._locations: dict[int, str] | None = {} if is_development else None
        #: What takes the commands of the handler: the machine, or what stands in for it.
        self.commands: Commands = machine
        self.observer: AttemptObserver | None = None
        if settings.observe is not None:
            self.observer = settings.observe(machine, handler.target, exchange.headers)
            self.commands = self.observer.commands(machine)
        self.numbers: HandlerNumbers | None = None
        if settings.numbers is not None:
            self.numbers = settings.numbers.of(handler.target)
            self._began = self.numbers.begin()
            self._is_failed = False
        self._aftermath: aftermath.Aftermath | None = None
        self._closing_generators: list[asyncio.Task[None]] | None = None
        #: What the handler has to await that does not begin before, if it has asked for any.
        self._coroutines: list[UnawaitedCoroutine[Any]] | None = None
        #: Where in the handler the end of the attempt was raised.
        self._interrupted_at: CodeLocation | None = None
        self._hash_base = 0
        self._tasks_created = 0

    # ------------------------------------------------------------ Driver: used by futures and contexts

    @property
    def is_encoding(self) -> bool:
        """Whether a journal value codec encodes what the handler sends and decodes what it gets."""
        return self._settings.codec is not None

    def issue(self, operation: str) -> Commands:
        """Return what takes a command; its output leaves in this turn of the loop."""
        run = tasks.executing_run.get()
        if run is not None:
            raise misplaced.in_a_run(operation, run, self.where)
        if generators.collecting_thread and generators.is_collecting():
            raise misplaced.in_the_collector(operation, self.where)
        if threading.get_ident() != self._thread:
            raise misplaced.in_another_thread(operation, self.where)
        if self.machine.is_closed() or self.is_abandoned:
            return self._after_the_end().refuse(operation, self._interrupted_at)
        self.activity += 1
        if self._locations is not None:
            note_location(self._locations, self.machine)
        if self._flush_state < DUE:
            self._plan_flush()
        return self.commands

    @property
    def target(self) -> str:
        """Service and handler, as `Greeter/greet`."""
        return self._handler.target

    @property
    def hash_base(self) -> int:
        """A number that differs between invocations and is the same in all attempts of one."""
        if not self._hash_base:
            self._hash_base = zlib.crc32(self.machine.invocation_id.encode()) + 1
        return self._hash_base

    def define_run(self, handle: int, future: RunFuture[Any]) -> None:
        """Keep a run's closure until its result is awaited."""
        if self.is_abandoned:
            return
        if self.runs is None:
            self.runs = RunTasks(self)
        self.runs.define(handle, future)

    def define_coroutine(self, coroutine: UnawaitedCoroutine[Any]) -> None:
        """Keep a coroutine that the handler has to await."""
        if self.is_abandoned:
            return
        if self._coroutines is None:
            self._coroutines = []
        self._coroutines.append(coroutine)

    def require_own(self, future: DurableFuture[Any]) -> None:
        """Refuse an await in a run, and in another handler."""
        misplaced.require_own(future, self)

    # ------------------------------------------------------------ Owner: used by the handler's tasks

    def number_task(self) -> int:
        """Return the number of the next task, which repeats in every attempt."""
        self._tasks_created += 1
        return self._tasks_created

    def close_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Close an async generator that the handler left, in a task of the handler."""
        if self._closing_generators is None:
            self._closing_generators = []
        self._closing_generators.append(self.loop.create_task(generator.aclose()))

    def complain(self, deed: str, interrupted_at: CodeLocation | None) -> None:
        """Log that code continued after the end of its attempt."""
        aftermath.complain(self.where, deed, interrupted_at)

    # ------------------------------------------------------------ the handler

    def _start_handler(self) -> None:
        self._settings.memory.recall(self.machine)
        try:
            request = self.machine.take_input()
        except SdkInternalException as error:  # the journal does not begin with an input that can be read
            outcome.explain(self.machine, self.target, None, error)
            self.close()
            return
        self._is_started = True
        tasks.install(self.loop)
        generators.install()
        if self._locations is not None:  # in development mode
            blocked_loop.watch(self.loop)
        context = context_for(self._handler, self, request)
        if self.observer is None:
            running = self._run_handler(context, request)
        else:
            running = run_within(self.observer.around_handler(request), self._run_handler, context, request)
        self.main = asyncio.Task(running, loop=self.loop, name=self._handler.target)
        if self._is_draining:
            self.machine.receive_end()

    async def _run_handler(self, context: Context, request: _core.Input) -> None:
        running.set(context)
        if tasks.executing_run.get() is not None:  # in one process a run of another invocation has begun this
            tasks.executing_run.set(None)
        machine = self.machine
        try:
            body = request.body
            if self._settings.codec is not None:
                body = await self._decode_input(self._settings.codec, body)
            try:
                result = await call(self._handler, context, body, is_strict=self.is_strict)
            except TerminalError:
                if self._closing_generators:
                    await generators.end(self._closing_generators)
                raise
            if self._closing_generators:
                await generators.end(self._closing_generators)
            body = write_result(self._handler, result, is_strict=self.is_strict)
            if self.is_abandoned or machine.is_closed():
                self.complain("returned", self._interrupted_at)
            else:
                try:
                    self.commands.succeed(body)
                except LocalProtocolError as error:
                    raise unsendable(f"the result of {self.target}", error) from error
                if self.runs is not None:
                    self.runs.report_lost()
                if self._coroutines is not None:
                    unawaited.report_coroutines(self._coroutines, self)
        except BaseException as error:  # of any kind: it ends this attempt and nothing else
            if machine.is_closed():
                if machine.error is not None:  # most are suspended, and looking for the line costs
                    outcome.explain(machine, self.target, code_location.raised(error), error)
            elif not self.is_abandoned:
                self._report(error)
        try:
            if context._data:
                close_data(context._data)
        finally:
            self.main = None
            self.close()

    async def _decode_input(self, source: CodecSource, body: bytes) -> bytes:
        codec = self.codec = AttemptCodec(self, await source.get(), self.commands)
        self.commands = codec.commands
        return await codec.decode_value(body) if self._handler.arity == 2 else body

    def _report(self, error: BaseException) -> None:
        """Tell the machine how the handler failed."""
        if self.observer is not None:
            self.observer.note_failure(error, None)
        if self.numbers is not None:
            self._is_failed = True
        outcome.fail_attempt(self.machine, error, self.target, self.version)

    # ------------------------------------------------------------ moving on

    def begin(self, unacknowledged: int) -> None:
        """Begin with a machine that has received the whole journal, or that closed because of an error.

        Args:
            unacknowledged: bytes of the request whose flow-control credit is not given back.
        """
        self.unacknowledged = unacknowledged
        if self.machine.is_closed():
            self.close()
        else:
            self._start_handler()

    def _advance(self) -> None:
        if self.machine.is_closed():
            self.close()
        elif self._parked is not None:  # the usual case of `advance`
            if not self._parked.done():
                self._parked.set_result(None)
        elif self._is_started:
            self.advance()
        elif self.machine.is_ready():
            self._start_handler()

    def end_run(self) -> None:
        """Send what a run proposed, and continue unless its acknowledgement has to come first."""
        self.flush()
        if not self.machine.is_closed():
            if not self.machine.is_input_open():
                self.advance()
        elif not self.is_parked:
            self.close()
        else:  # the handler gets the error before it is unwound
            self.advance()
            self._plan_flush()
            self.hold_flush()

    # ------------------------------------------------------------ the end

    def fail(self, error: Exception, what: str) -> BaseException:
        """End the attempt with an error that is not the handler's, and return what unwinds the handler."""
        self._report(error)
        self.close()
        return SdkInternalException(f"{self.where}: {what}: {error_text(error)}")

    def end_at(self, location: CodeLocation | None) -> None:
        """End the exchange: the machine is closed, and the handler waits at this line."""
        self._interrupted_at = location
        outcome.explain(self.machine, self.target, location)
        self.close()

    def refuse_await(self, future: DurableFuture[Any]) -> Generator[Any, None, None]:
        """Refuse an await after the end of the attempt."""
        misplaced.require_own(future, self)
        yield from self._after_the_end().refuse_await(future.subject, self._interrupted_at, self.loop)

    def _after_the_end(self) -> aftermath.Aftermath:
        if self._aftermath is None:
            self._aftermath = aftermath.Aftermath(self.where)
        return self._aftermath

    def _explain_refused_command(self) -> None:
        outcome.explain_tasks(self.machine, self.target, self.helpers)

    def _unwind(self) -> None:
        """Cancel what is left of the handler; its `finally` blocks run."""
        self._settings.memory.keep(self.machine, self._locations)
        if self.numbers is not None:
            self.numbers.end(self.machine, self._began, is_failed=self._is_failed)
        if self._awaited is not None or self.codec is not None:
            self._release_no_more()
        if self.helpers:
            for task in tuple(self.helpers):
                task.cancel()
        self._coroutines = None
        runs = self.runs
        if runs is not None:
            self.runs = None
            runs.close()
        main = self.main
        if main is not None and main is not asyncio.current_task(self.loop):
            self._interrupted_at = code_location.innermost(main.get_coro())
            main.cancel()

    def _tell_late(self) -> None:
        if self._interrupted_at is not None:
            log.warning(
                "%s was cut off at %s, because it did not suspend before this process ends; it is repeated",
                self.where,
                self._interrupted_at,
            )

    @property
    def where(self) -> str:
        """The handler and its invocation, for texts."""
        return f"{self._handler.target} ({self.machine.invocation_id})"
