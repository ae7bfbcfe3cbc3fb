"""The official SDK's test harness on the embedded runtime: the same names, without Docker and without a server.

`awaken.testing` offers more: a clock you advance, awakeables by name, crashes everywhere.
"""

from __future__ import annotations

import asyncio
import threading
import warnings
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from concurrent.futures import Future

    import httpx

    from awaken.client import RestateClient
    from awaken.serde.journal_codec import JournalValueCodec

__all__ = ["HarnessEnvironment", "RestateTestHarness", "create_test_harness", "test_harness"]

_IMAGE: Final = "docker.io/restatedev/restate:latest"


@dataclass(frozen=True)
class HarnessEnvironment:
    """A running application, for tests."""

    #: URL of the ingress.
    ingress_url: str
    #: URL of the admin API.
    admin_api_url: str
    #: Calls the application's handlers.
    client: RestateClient


@asynccontextmanager
async def create_test_harness(
    app: Any,
    follow_logs: bool = False,
    restate_image: str = _IMAGE,
    always_replay: bool = False,
    disable_retries: bool = False,
    journal_value_codec: JournalValueCodec | None = None,
) -> AsyncIterator[HarnessEnvironment]:
    """Run an application on an embedded runtime with ports of its own, until the end of the `async with` block.

    Args:
        app: what `awaken.app(...)` returned, a service, or a list of services.
        follow_logs: print each step of each invocation.
        restate_image: accepted for compatibility and ignored; no container runs.
        always_replay: every wait suspends the handler, which then continues by replaying its journal.
        disable_retries: a failed attempt ends the invocation instead of being retried.
        journal_value_codec: the codec of the client's values; by default that of the application.

    Raises:
        TypeError: `app` is not an application.
    """
    from awaken.client import create_client
    from awaken.endpoint.applications import application_of, codecs_of
    from awaken.hosting.runtime_server import RuntimeServer
    from awaken.testing.failures import FailureHandling
    from awaken.testing.opening import open_with
    from awaken.testing.options import EnvironmentOptions

    observer = None
    if follow_logs:
        from awaken.hosting.event_lines import EventLines

        observer = EventLines()
    options = EnvironmentOptions(
        handling=FailureHandling.LOOK_ON,
        always_replay=always_replay,
        disable_retries=disable_retries,
        observer=observer,
    )
    source = next(iter(codecs_of(application_of(app)).values()), None)
    if journal_value_codec is None and source is not None:
        journal_value_codec = await source.get()
    async with open_with(app, options) as environment:
        embedded = environment.embedded
        anywhere = ("127.0.0.1", 0)
        server = RuntimeServer(embedded.ingress, embedded.admin, ingress_bind=anywhere, admin_bind=anywhere)
        await server.open()
        try:
            async with create_client(
                server.ingress_url,
                journal_value_codec=journal_value_codec,
                admin=server.admin_url,
                token="",  # that of the environment is for another runtime
            ) as client:
                yield HarnessEnvironment(server.ingress_url, server.admin_url, client)
        finally:
            await server.close(grace_s=0)


class RestateTestHarness:
    """Runs an application on a thread with an event loop of its own. Deprecated, as in the official SDK."""

    def __init__(self, app: Any, **options: Any) -> None:
        self._app = app
        self._options = options
        self._environment: HarnessEnvironment | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> RestateTestHarness:
        """Start the application."""
        from concurrent.futures import Future

        started: Future[HarnessEnvironment] = Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="awaken-harness")
        self._thread.start()
        self._environment = started.result()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the application."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join()

    def ingress_client(self) -> httpx.Client:
        """Return an HTTP client for the ingress; you have to close it."""
        import httpx

        if self._environment is None:
            raise RuntimeError("the harness does not run; use it in a `with` statement")
        return httpx.Client(base_url=self._environment.ingress_url, trust_env=False)

    def _run(self, started: Future[HarnessEnvironment]) -> None:
        try:
            asyncio.run(self._serve(started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _serve(self, started: Future[HarnessEnvironment]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with create_test_harness(self._app, **self._options) as environment:
            started.set_result(environment)
            await self._stop.wait()


def test_harness(
    app: Any,
    follow_logs: bool = False,
    restate_image: str = _IMAGE,
    always_replay: bool = False,
    disable_retries: bool = False,
) -> RestateTestHarness:
    """Return a harness for a `with` statement. Deprecated: use `create_test_harness`.

    Args:
        app: what `awaken.app(...)` returned, a service, or a list of services.
        follow_logs: print each step of each invocation.
        restate_image: accepted for compatibility and ignored; no container runs.
        always_replay: every wait suspends the handler.
        disable_retries: a failed attempt ends the invocation.
    """
    warnings.warn("test_harness is deprecated; use create_test_harness", DeprecationWarning, stacklevel=2)
    return RestateTestHarness(
        app,
        follow_logs=follow_logs,
        restate_image=restate_image,
        always_replay=always_replay,
        disable_retries=disable_retries,
    )


# pytest would collect a function of this name as a test in modules that import it.
test_harness.__test__ = False  # type: ignore[attr-defined]
