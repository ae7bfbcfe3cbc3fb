"""One server, and the same application registered with it twice: once per SDK."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.compat.differences import DIFFERENCES, OF_RUNTIMES, name_without_sdk
from tests.compat.serving import SDKS, Serving
from tests.compat.side import Side
from tests.e2e.effects import Effects
from tests.e2e.embedded import EmbeddedRuntime
from tests.e2e.ingress import Client
from tests.e2e.server import RestateServer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tests.e2e.runtime import Runtime, RuntimeFactory

HERE = Path(__file__).parent
LOG_TAIL = 4000
RUNTIMES: dict[str, RuntimeFactory] = {"embedded": EmbeddedRuntime, "server": RestateServer}
MODERN = {
    "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s",
    "RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7": "true",
    "RESTATE_EXPERIMENTAL_ENABLE_VQUEUES": "true",
}
_logs = pytest.StashKey[list[Serving]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_logs] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Expect tests with a listed difference to fail under the official SDK, exactly as listed."""
    of_runtime = OF_RUNTIMES[str(config.getoption("--runtime"))]
    for item in items:
        if not item.path.is_relative_to(HERE):  # the hook is called with the items of every folder
            continue
        name = name_without_sdk(item.name)
        difference = of_runtime.get(name) or (DIFFERENCES.get(name) if is_official(item) else None)
        if difference is not None:
            item.add_marker(
                pytest.mark.xfail(reason=difference.reason, raises=difference.raises, strict=True)
            )


def is_official(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    return callspec is not None and "official" in (
        callspec.params.get("side"),
        callspec.params.get("calling"),
    )


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """The runtime of `--runtime`, with its default settings."""
    runtime = RUNTIMES[str(request.config.getoption("--runtime"))]
    server = runtime(tmp_path_factory.mktemp("server"), {})
    try:
        server.start()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def modern_client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """A server that suspends at once, speaks protocol 7 and supports scopes."""
    runtime = RUNTIMES[str(request.config.getoption("--runtime"))]
    server = runtime(tmp_path_factory.mktemp("modern"), MODERN)
    try:
        server.start()
        with Client(server.ingress_url, server.admin_url) as client:
            yield client
    finally:
        server.kill()


@pytest.fixture(scope="session")
def client(server: Runtime) -> Iterator[Client]:
    with Client(server.ingress_url, server.admin_url) as client:
        yield client


@pytest.fixture(scope="session")
def sides(
    request: pytest.FixtureRequest, client: Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Side]]:
    """Both SDKs."""
    with contextlib.ExitStack() as stack:
        yield {
            sdk: stack.enter_context(
                serve(request, client, Serving(sdk, sdk.title(), tmp_path_factory.mktemp(sdk)))
            )
            for sdk in SDKS
        }


@pytest.fixture(scope="session", params=SDKS)
def side(request: pytest.FixtureRequest, sides: dict[str, Side]) -> Side:
    """One SDK after the other."""
    return sides[str(request.param)]


@contextlib.contextmanager
def serve(request: pytest.FixtureRequest, client: Client, serving: Serving) -> Iterator[Side]:
    open_ones = request.config.stash[_logs]
    open_ones.append(serving)
    try:
        serving.start()
        client.register(serving.url, use_http_11=False)
        yield Side(serving, client)
    finally:
        serving.kill()
        open_ones.remove(serving)


@pytest.fixture
def effects(tmp_path: Path) -> Effects:
    return Effects(tmp_path / "effects")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the output of the processes if a test fails."""
    report = yield
    if report.failed:
        for serving in item.config.stash[_logs]:
            report.sections.append((f"{serving.sdk} {serving.url}", serving.log[-LOG_TAIL:]))
    return report
