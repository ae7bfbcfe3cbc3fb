"""A running embedded runtime with an application, for one test."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx

from awaken.client import RestateClient
from awaken.client.addresses import admin_address, ingress_address
from awaken.client.building import Builder
from awaken.context import probe
from awaken.control.errors import NotFoundError
from awaken.hosting.embedded import EmbeddedRuntime
from awaken.testing.approvals import Approvals, ApprovalUnderTest
from awaken.testing.awakeables import Awakeables, AwakeableUnderTest
from awaken.testing.clock_reading import with_clock
from awaken.testing.effects import Effects
from awaken.testing.errors import NotThereError
from awaken.testing.failures import FailureHandling, Failures
from awaken.testing.in_process_transport import ADMIN, INGRESS, InProcessTransport
from awaken.testing.movable_clock import MovableClock
from awaken.testing.overview import describe_open
from awaken.testing.sending import SenderUnderTest
from awaken.testing.served_request import ServedTransport
from awaken.testing.settling import settle, stays_at_rest
from awaken.testing.snapshot import decode
from awaken.testing.witness import Witness
from awaken.timing.time_limits import above_zero, milliseconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from awaken.control.operations import AwakeableView, Invocation
    from awaken.errors import HttpError
    from awaken.exchange import Accept
    from awaken.runtime.events import Event
    from awaken.serde.codec_source import CodecSource
    from awaken.testing.failures import HandlerFailure
    from awaken.testing.options import EnvironmentOptions

__all__ = ["Environment"]

#: Name of the application under test in its runtime.
_APP: Final = "app"


#: How often to check whether anything happens that a request waits for.
_GLANCE_S: Final = 0.01

#: How many times longer a request waits for a handler that does something outside its journal than for one that waits.
_WORK_FACTOR: Final = 12


class Environment:
    """A running runtime and application, for one test. `awaken.testing.open_environment` makes one.

    Attributes:
        client: calls handlers of the application.
        effects: counts what handlers do to the outside world, as far as the test records it.
    """

    def __init__(
        self,
        accept: Accept,
        directory: Path,
        options: EnvironmentOptions,
        codecs: Mapping[str, CodecSource] | None = None,
    ) -> None:
        self.client: RestateClient
        self.effects = Effects()
        self._state = "new"
        self._clock = MovableClock()
        self._accept = with_clock(accept, self._clock.now_ms)
        self._directory = directory
        self._options = options
        self._codecs = codecs or {}
        self._patience_s = above_zero(options.patience, "the patience of open_environment") / 1000
        self._failures = Failures(self.fetch, self._review, options.handling)
        self._awakeables = Awakeables(
            self._is_open, self._restarted, self._failures.check, self._describe, self._patience_s
        )
        self._approvals = Approvals(
            lambda: self._embedded.runtime,
            self._restarted,
            self._failures.check,
            self._describe,
            self._clock.now_ms,
            self._patience_s,
        )
        self._witness = Witness(self._awakeables, self._failures)
        self._embedded: EmbeddedRuntime
        self._transport = InProcessTransport(self._transport_to, self._takes_key)
        self._restarting: asyncio.Task[None] | None = None

    # What tests use.

    @property
    def now_ms(self) -> int:
        """The runtime's time, in UTC milliseconds."""
        return self._clock.now_ms()

    def awakeable(self, name: str | None = None, *, invocation_id: str | None = None) -> AwakeableUnderTest:
        """Return an awakeable that a handler waits for, or will wait for.

        Args:
            name: its name, which the handler gives by `ctx.awakeable(name=...)`; None if only one is pending.
            invocation_id: the handler's invocation, if several invocations use the same name.
        """
        return AwakeableUnderTest(self._awakeables, self.client, name, invocation_id)

    def approval(self, question: str | None = None, *, invocation_id: str | None = None) -> ApprovalUnderTest:
        """Return an approval that a handler asks for by `ctx.approve`, or will ask for.

        Args:
            question: its question; None if only one is pending.
            invocation_id: the handler's invocation, if several invocations ask the same question.
        """
        return ApprovalUnderTest(self._approvals, question, invocation_id)

    def pending_awakeables(self) -> list[AwakeableView]:
        """Return the awakeables that handlers are known to wait for."""
        self.check_running()
        return list(self._embedded.runtime.pending_awakeables())

    async def advance(
        self,
        duration: timedelta = timedelta(0),
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Advance the clock; timers that become due on the way fire in order, and handlers react to each.

        Returns when handlers have come to rest: each one waits, is suspended, or is done.

        Raises:
            ValueError: the duration is negative, or ends after the year 9999.
            NotThereError: as `settle`.
            Exception: as `settle`.
        """
        __tracebackhide__ = True
        duration += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if duration < timedelta(0):
            raise ValueError(f"cannot advance by {duration}: time does not go back; open another environment")
        target_ms = self.now_ms + milliseconds(duration, "the duration of advance")
        await self.settle()
        while (due_ms := self._clock.next_due_ms()) is not None and due_ms <= target_ms:
            self._clock.move_to(due_ms)
            self._embedded.runtime.clean()
            await self.settle()
        self._clock.move_to(target_ms)
        self._embedded.runtime.clean()
        await self.settle()

    async def settle(self) -> None:
        """Wait until handlers have come to rest: each one waits, is suspended, or is done.

        Raises:
            NotThereError: a handler does not come to rest in time.
            Exception: a handler raised this.
        """
        __tracebackhide__ = True
        self.check_running()
        await settle(
            self._is_at_rest, self._patience_s, check=self._failures.check, describe=self._describe_work
        )
        await self._restarted()

    async def crash(self) -> None:
        """Kill runtime and handlers as kill -9 does, and start them again from the file.

        Open requests of the client are sent again to the new runtime.
        """
        self.check_running()
        self.crash_soon()
        await self._restarted()

    def state(self, service: str, key: str) -> dict[str, Any]:
        """Return the state of an object's or workflow's key; values that are not JSON are bytes."""
        rows = self.fetch("SELECT name, value FROM state WHERE service = ? AND key = ?", (service, key))
        return {name: decode(value) for name, value in rows}

    def invocation(self, invocation_id: str) -> Invocation:
        """Return what the runtime knows of one invocation.

        Raises:
            NotFoundError: the invocation does not exist.
        """
        self.check_running()
        return self._embedded.runtime.invocation(invocation_id)

    # What the rest of the kit uses.

    @property
    def embedded(self) -> EmbeddedRuntime:
        """The current runtime."""
        return self._embedded

    def fetch(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Query the runtime's own tables."""
        self.check_running()
        return self._embedded.runtime.store.fetch(statement, values).fetchall()

    def crash_soon(self) -> None:
        """Crash at once, and restart in a task. To be called from within the runtime itself."""
        self._transport.note_crash()
        self._embedded.crash()
        self._restarting = asyncio.get_running_loop().create_task(self._restart(self._embedded))

    def note(self, event: Event) -> None:
        """Note a step of an invocation."""
        if self._options.handling is not FailureHandling.LOOK_ON:
            self._failures.note(event)
            self._awakeables.note_change()
        if self._options.observer is not None:
            self._options.observer.note(event)

    def check_running(self) -> None:
        """Raise RuntimeError unless the environment runs."""
        if self._state == "ended":
            raise RuntimeError(
                "this environment has ended, with the test or the `async with` block that it belongs to; "
                "do this before its end, or open another one"
            )

    def take_failures(self) -> list[HandlerFailure]:
        """Return the failures that the test has not received."""
        if self._state != "ended":
            self._embedded.runtime.store.commit()  # what happened is told when it is on disk
        return self._failures.take_all()

    async def start(self) -> None:
        """Start the runtime on the directory."""
        probe.watchers.append(self._witness)
        try:
            self._embedded = self._make()
            self._failures.note_start()
            await self._embedded.start()
        except BaseException:
            probe.watchers.remove(self._witness)
            raise

    async def finish(self) -> None:
        """Wait until running handlers come to rest, so that their failures are known."""
        with suppress(NotThereError):
            await settle(self._is_at_rest, self._patience_s)
        await self._restarted()

    async def stop(self) -> None:
        """Stop at once, interrupting handlers that still run."""
        probe.watchers.remove(self._witness)
        try:
            await self._restarted()
        finally:
            self._state = "ended"
            self._embedded.crash()
            await self._embedded.cut()
            self._clock.stop()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Set `client` for the `async with` block."""
        source = next(iter(self._codecs.values()), None)
        codec = None if source is None else await source.get()
        build = Builder(ingress_address(INGRESS), admin_address(ADMIN), codec)
        async with httpx.AsyncClient(transport=self._transport, timeout=httpx.Timeout(None)) as client:
            sender = SenderUnderTest(client, codec, self.check_running, self._wait_for_trouble, self._explain)
            self.client = RestateClient(build, sender)
            yield

    def _make(self) -> EmbeddedRuntime:
        return EmbeddedRuntime(
            self._directory,
            apps={_APP: self._accept},
            settings=self._options.runtime_settings(),
            clock=self._clock,
            probe=self._options.probe,
            observer=self,
            codecs=self._codecs,
            supervisor=None if self._options.handling is FailureHandling.LOOK_ON else self._failures,
        )

    async def _wait_for_trouble(self) -> HandlerFailure | NotThereError:
        """Wait until nothing more will happen that a request of the client could wait for; return why."""
        loop = asyncio.get_running_loop()
        moves, moved_at, rested_at = -1, loop.time(), loop.time()
        while True:
            await asyncio.sleep(_GLANCE_S)
            if self._failures.moves != moves:
                moves, moved_at, rested_at = self._failures.moves, loop.time(), loop.time()
                continue
            if not self._is_at_rest():
                moved_at = loop.time()
                if moved_at - rested_at > self._patience_s * _WORK_FACTOR:
                    return self._nothing_happens(moved_at - rested_at)
                continue
            rested_at = loop.time()
            failure = self._failures.find()
            if failure is not None and await stays_at_rest(self._is_at_rest):
                return failure
            due_ms = self._clock.next_due_ms()
            is_due_soon = due_ms is not None and due_ms < self.now_ms + self._patience_s * 1000
            if is_due_soon and not (
                self._options.handling is FailureHandling.RAISE and self._failures.is_backing_off
            ):
                moved_at = loop.time()
            elif loop.time() - moved_at > self._patience_s:
                return self._failures.find_backing_off() or self._nothing_happens(self._patience_s)

    def _nothing_happens(self, waited_s: float) -> NotThereError:
        return NotThereError(
            f"a request of the client waits, and nothing has happened for {waited_s:.2g} s"
            f"{self._describe_work()}\nComplete what they wait for in another task, or start the handler with a send: "
            "then resolve its awakeables, advance the time, and attach to it"
        )

    def _explain(self, error: HttpError, url: str) -> BaseException:
        """Return the exception for an error response: what a handler raised, or the error with a note."""
        mistake = self._failures.find_mistake(error.invocation_id)
        if mistake is not None:
            return mistake.take()
        known = next((part for part in url.split("/") if self._failures.is_known(part)), None)
        if error.status_code == 404 and known is not None:
            error.add_note(
                f"{known} has ended, and its result was kept only for its retention, a day unless its handler sets "
                "another one: advance the time less, or attach earlier"
            )
        return error

    def _describe(self) -> str:
        awaited = self._embedded.runtime.awaited()
        return describe_open(self.fetch, awaited, self._awakeables.names, self.now_ms)

    def _describe_work(self) -> str:
        runs = ", ".join(repr(name) for name in self._witness.runs)
        return f". What handlers are doing:{self._describe()}" + (
            f"\n  executing runs: {runs}" if runs else ""
        )

    def _review(self) -> None:
        self._embedded.runtime.fail_hopeless()

    async def _restart(self, dead: EmbeddedRuntime) -> None:
        try:
            await dead.cut()
            self._embedded = self._make()
            self._failures.note_start()
            await self._embedded.start()
        except BaseException as error:
            self._transport.note_restart(error)
            raise
        self._transport.note_restart()

    async def _restarted(self) -> None:
        while (task := self._restarting) is not None:
            try:
                await task
            finally:
                if self._restarting is task:
                    self._restarting = None

    def _transport_to(self, host: str) -> httpx.AsyncBaseTransport:
        if ADMIN.endswith(host):
            return httpx.ASGITransport(self._embedded.admin)
        return ServedTransport(self._embedded.ingress)

    def _takes_key(self, path: str) -> bool:
        parts = path.strip("/").split("/")
        if parts[0] == "restate":
            return False
        service = self._embedded.deployments.service(parts[0])
        if service is None:
            return False
        name = parts[-2] if parts[-1] == "send" and len(parts) > 2 else parts[-1]
        handler = service.handlers.get(name)
        return handler is not None and service.kind != "workflow"

    def _is_at_rest(self) -> bool:
        if self._restarting is not None and not self._restarting.done():
            return False
        return self._embedded.runtime.is_at_rest and not self._witness.runs

    def _is_open(self, invocation_id: str) -> bool:
        try:
            return self._embedded.runtime.invocation(invocation_id).status != "completed"
        except NotFoundError:
            return False
