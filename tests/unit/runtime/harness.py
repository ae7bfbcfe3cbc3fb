"""A runtime with an application in the same process, and a way to wait for what it does."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from awaken import _core, app
from awaken.control.operations import Failure, InvocationRequest, Success, Target
from awaken.runtime.deployments import Deployments
from awaken.runtime.runtime import Runtime
from awaken.runtime.store.log_sync import LogSync
from awaken.testing.manual_clock import ManualClock
from awaken.transports.memory.dialer import MemoryDialer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from awaken.control.operations import AwakeableView, Completion
    from awaken.exchange import Dialer
    from awaken.runtime.clock import Clock
    from awaken.runtime.events import Observer
    from awaken.runtime.measures import Measures
    from awaken.runtime.settings import RuntimeSettings
    from awaken.runtime.store.commit_probe import CommitProbe
    from awaken.service.definition import Definition

URI = "http://app.test/"


class Harness:
    """One data directory and one application; the runtime on it can be stopped, crashed and started again."""

    def __init__(
        self,
        directory: Path,
        services: Iterable[Definition],
        *,
        clock: Clock | None = None,
        settings: RuntimeSettings | None = None,
        probe: CommitProbe | None = None,
        observer: Observer | None = None,
        is_bidirectional: bool = True,
        open_log: Callable[[Path], LogSync] = LogSync,
        measures: Measures | None = None,
    ) -> None:
        self.directory = directory
        self.endpoint = app(services, protocol="bidi" if is_bidirectional else "request_response")
        self.clock = clock
        self.settings = settings
        self.probe = probe
        self.observer = observer
        self.is_bidirectional = is_bidirectional
        self.open_log = open_log
        self.measures = measures
        self.runtime: Runtime
        self.deployments: Deployments

    async def start(self) -> Runtime:
        def schema(rows: Any) -> Deployments:
            now = self.clock.now_ms if self.clock is not None else lambda: 1_700_000_000_000
            self.deployments = Deployments(rows, self._dial, now_ms=now, defaults=self.settings, pauses=())
            return self.deployments

        self.runtime = Runtime(
            self.directory,
            schema,
            clock=self.clock,
            settings=self.settings,
            probe=self.probe,
            observer=self.observer,
            open_log=self.open_log,
            measures=self.measures,
        )
        await self.runtime.start()
        await self.deployments.register(URI)
        return self.runtime

    async def stop(self, grace_s: float = 1) -> None:
        await self.runtime.stop(grace_s)
        await self.deployments.close()

    def _dial(self, uri: str, *, use_http_11: bool) -> Dialer:
        return MemoryDialer(self.endpoint.accept, is_bidirectional=self.is_bidirectional)

    # Short ways to ask.

    async def call(self, target: str, argument: object = None, **more: Any) -> Any:
        """Call `Service/handler` or `Object/key/handler`, and return what JSON says; failures are raised."""
        return value_of(await self.runtime.call(request(target, argument, **more)))

    async def send(self, target: str, argument: object = None, **more: Any) -> str:
        return (await self.runtime.send(request(target, argument, **more))).invocation_id

    async def result(self, invocation_id: str) -> Any:
        return value_of(await self.runtime.attach(invocation_id))

    def status(self, invocation_id: str) -> str:
        return self.runtime.invocation(invocation_id).status

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that the runtime does on its own."""
        async with asyncio.timeout(25):
            while not condition():
                await asyncio.sleep(0)

    def advance(self, milliseconds: int) -> None:
        """Move a manual clock."""
        assert isinstance(self.clock, ManualClock)
        self.clock.advance(milliseconds)

    def now_ms(self) -> int:
        assert self.clock is not None
        return self.clock.now_ms()

    async def until_waiting(self, count: int = 1) -> list[AwakeableView]:
        """Wait until this many awakeables are pending."""
        await self.until(lambda: len(self.runtime.pending_awakeables()) == count)
        return list(self.runtime.pending_awakeables())

    async def until_status(self, invocation_id: str, status: str) -> None:
        await self.until(lambda: self.status(invocation_id) == status)

    def rows(self, statement: str, *values: object) -> list[Any]:
        return self.runtime.store.fetch(statement, values).fetchall()


def awakeable_of(invocation_id: str, index: int = 17) -> str:
    return _core.format_awakeable_id(_core.parse_invocation_id(invocation_id), index)


class InvocationFailed(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def request(target: str, argument: object = None, **more: Any) -> InvocationRequest:
    parts = target.split("/")
    key = parts[1] if len(parts) == 3 else None
    body = b"" if argument is None else json.dumps(argument).encode()
    headers = [("content-type", "application/json")] if body else []
    return InvocationRequest(Target(parts[0], parts[-1], key), body, headers, **more)


def value_of(completion: Completion) -> Any:
    match completion.result:
        case Success(value):
            return json.loads(value) if value else None
        case Failure() as failure:
            raise InvocationFailed(failure)
