"""A running embedded runtime with an application, for one test."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from awaken import development, watching
from awaken.client import create_client
from awaken.definition import Definition
from awaken.embedded.embedded import Embedded
from awaken.endpoint.endpoint import Endpoint
from awaken.runtime.operations import NotFoundError
from awaken.runtime.schema import RetryPolicy
from awaken.runtime.settings import RuntimeSettings
from awaken.testing.awakeables import Awakeables, AwakeableUnderTest
from awaken.testing.clock import MovableClock
from awaken.testing.doorway import ADMIN, INGRESS, Doorway
from awaken.testing.effects import Effects
from awaken.testing.settling import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from awaken.client import RestateClient
    from awaken.exchange import Accept
    from awaken.runtime.observing import Observer
    from awaken.runtime.operations import Invocation, PendingAwakeable
    from awaken.runtime.store.store import CommitProbe

__all__ = ["Environment", "open_environment"]

#: Name of the application under test in its runtime.
_APP: Final = "app"

#: How long to wait for handlers, by default: they wait for something else than the runtime then.
PATIENCE: Final = timedelta(seconds=5)

#: Files here are as durable as a test needs, and cost no disk.
_MEMORY_DISK: Final = Path("/dev/shm")  # noqa: S108 -- a fresh directory is made in it


class Environment:
    """What a test works with. `open_environment` makes one.

    Attributes:
        client: calls handlers of the application.
        effects: what handlers do to the world, as far as the test records it.
    """

    def __init__(
        self,
        accept: Accept,
        directory: Path,
        settings: RuntimeSettings,
        probe: CommitProbe | None,
        observer: Observer | None,
        patience: timedelta,
    ) -> None:
        self.client: RestateClient
        self.effects = Effects()
        self._accept = accept
        self._directory = directory
        self._settings = settings
        self._probe = probe
        self._observer = observer
        self._clock = MovableClock()
        self._patience_s = patience.total_seconds()
        self._awakeables = Awakeables(self._is_open, self._patience_s)
        self._embedded: Embedded
        self._doorway = Doorway(self._app_of, self._takes_key)
        self._restarting: asyncio.Task[None] | None = None

    # What tests use.

    @property
    def now_ms(self) -> int:
        """The runtime's time, in UTC milliseconds."""
        return self._clock.now_ms()

    def awakeable(self, name: str | None = None, *, invocation_id: str | None = None) -> AwakeableUnderTest:
        """Return an awakeable that a handler waits for, or will.

        Args:
            name: what the handler calls it, by `ctx.awakeable(name=...)`; None where only one is pending.
            invocation_id: of the handler, where several invocations wait under one name.
        """
        return AwakeableUnderTest(self._awakeables, self.client, name, invocation_id)

    def pending_awakeables(self) -> list[PendingAwakeable]:
        """List the awakeables that suspended or waiting handlers are known to wait for."""
        return list(self._embedded.runtime.pending_awakeables())

    async def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Move time on; what becomes due on the way happens in its order, and what follows from it as well.

        Returns when handlers have come to rest: each one waits, is suspended, or is done.
        """
        duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        target_ms = self.now_ms + round(duration.total_seconds() * 1000)
        await self.settle()
        while (due_ms := self._clock.next_due_ms()) is not None and due_ms <= target_ms:
            self._clock.move_to(due_ms)
            await self.settle()
        self._clock.move_to(target_ms)
        await self.settle()

    async def settle(self) -> None:
        """Wait until handlers have come to rest: each one waits, is suspended, or is done."""
        await settle(self._is_at_rest, self._patience_s)
        await self._restarted()

    async def crash(self) -> None:
        """Kill runtime and handlers as kill -9 does, and start them again from the file.

        Requests of the client that are under way go to the runtime that follows.
        """
        self.crash_soon()
        await self._restarted()

    def state(self, service: str, key: str) -> dict[str, Any]:
        """Return the state of an object's or workflow's key; values that are not JSON are bytes."""
        rows = self.fetch("SELECT name, value FROM state WHERE service = ? AND key = ?", (service, key))
        return {name: _decode(value) for name, value in rows}

    def invocation(self, invocation_id: str) -> Invocation:
        """Look at one invocation. Raises NotFoundError."""
        return self._embedded.runtime.invocation(invocation_id)

    # What the rest of the kit uses.

    @property
    def embedded(self) -> Embedded:
        """The runtime that runs now."""
        return self._embedded

    def fetch(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Ask the runtime's own tables."""
        return self._embedded.runtime.store.fetch(statement, values).fetchall()

    def crash_soon(self) -> None:
        """Kill at once, and start again in a task: to be called from within the runtime itself."""
        self._doorway.note_crash()
        self._embedded.crash()
        self._restarting = asyncio.get_running_loop().create_task(self._restart(self._embedded))

    async def start(self) -> None:
        """Start on the directory."""
        watching.watchers.append(self._awakeables)
        self._embedded = self._make()
        await self._embedded.start()

    async def stop(self) -> None:
        """Stop at once; what handlers still do is cut off."""
        watching.watchers.remove(self._awakeables)
        try:
            await self._restarted()
        finally:
            self._embedded.crash()
            await self._embedded.cut()
            self._clock.stop()

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Give the environment its client."""
        async with create_client(INGRESS, admin=ADMIN, transport=self._doorway) as client:
            self.client = client
            yield

    def _make(self) -> Embedded:
        return Embedded(
            self._directory,
            apps={_APP: self._accept},
            settings=self._settings,
            clock=self._clock,
            probe=self._probe,
            observer=self._observer,
        )

    async def _restart(self, dead: Embedded) -> None:
        try:
            await dead.cut()
            self._embedded = self._make()
            await self._embedded.start()
        except BaseException as error:
            self._doorway.note_revival(error)
            raise
        self._doorway.note_revival()

    async def _restarted(self) -> None:
        while self._restarting is not None:
            task, self._restarting = self._restarting, None
            await task

    def _app_of(self, host: str) -> Any:
        return self._embedded.admin if ADMIN.endswith(host) else self._embedded.ingress

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
        return self._embedded.runtime.is_at_rest and not self._awakeables.runs_under_way

    def _is_open(self, invocation_id: str) -> bool:
        try:
            return self._embedded.runtime.invocation(invocation_id).status != "completed"
        except NotFoundError:
            return False


@asynccontextmanager
async def open_environment(
    app: Any,
    *,
    always_replay: bool = False,
    disable_retries: bool = False,
    directory: Path | None = None,
    probe: CommitProbe | None = None,
    observer: Observer | None = None,
    patience: timedelta = PATIENCE,
) -> AsyncIterator[Environment]:
    """Run an application on an embedded runtime of its own, until the end of the `async with` block.

    Args:
        app: what `awaken.app(...)` returned, a service, or a list of services.
        always_replay: every wait suspends the handler, and it goes on by replaying its journal.
        disable_retries: a failed attempt ends the invocation instead of being repeated.
        directory: where to keep the data; a new one, thrown away at the end, without.
        probe: watches commits.
        observer: told of every step of every invocation.
        patience: how long to wait for what handlers of tests do within milliseconds.

    Raises:
        TypeError: the application is something else.
    """
    settings = RuntimeSettings(
        inactivity_timeout_ms=0 if always_replay else 60_000,
        retry_policy=RetryPolicy(max_attempts=1, on_max_attempts="kill")
        if disable_retries
        else RetryPolicy(),
    )
    accept = accept_of(app)
    if directory is not None:
        async with _running(
            Environment(accept, directory, settings, probe, observer, patience)
        ) as environment:
            yield environment
        return
    parent = _MEMORY_DISK if _MEMORY_DISK.is_dir() else None
    with tempfile.TemporaryDirectory(prefix=f"awaken-{os.getpid()}-", dir=parent) as fresh:
        async with _running(
            Environment(accept, Path(fresh), settings, probe, observer, patience)
        ) as environment:
            yield environment


@asynccontextmanager
async def _running(environment: Environment) -> AsyncIterator[Environment]:
    with development.enabled():
        await environment.start()
        try:
            async with environment.connected():
                yield environment
        finally:
            await environment.stop()


def accept_of(app: Any) -> Accept:
    """Return what accepts exchanges for an application.

    Raises:
        TypeError: it is none.
    """
    accept: Accept | None = getattr(app, "accept", None)
    if accept is not None and callable(accept):
        return accept
    services: Iterable[Any] = [app] if isinstance(app, Definition) else app
    if isinstance(services, (list, tuple)) and all(isinstance(one, Definition) for one in services):
        return Endpoint(services).accept
    raise TypeError(
        f"{app!r} is no application; give what `awaken.app(...)` returned, a service, or a list of services"
    )


def _decode(value: bytes) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
