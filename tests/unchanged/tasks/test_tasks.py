"""Tasks of a handler that wait side by side, under the official SDK on both runtimes.

Each chunk of a request wakes one of the tasks that wait in the official SDK, however many entries are in the chunk. So
what a server sends in frames of their own must not come in one frame, or tasks wait for good. Results that come out of
order can also hang there, on the server too; they are not tried here.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.endpoint import ROOT
from tests.e2e.ingress import Client
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.runtime import Runtime

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

APP = "tests.unchanged.tasks.app:app"
HOSTS = {
    "hypercorn": ["-m", "tests.asyncio_host", APP],
    "granian": ["-m", "granian", APP, "--interface", "asgi", "--http", "2", "--port"],
}


@pytest.fixture(scope="module", params=HOSTS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    log = tmp_path_factory.mktemp("endpoint") / "endpoint.log"
    process = Process([sys.executable, *HOSTS[request.param], str(port)], log=log, cwd=ROOT, env={})
    process.start()
    try:
        eventually(lambda: is_listening(port), what=f"the readiness of {request.param}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()


@pytest.fixture
def client(url: str, runtime: Runtime) -> Iterator[Client]:
    with Client(runtime.ingress_url, runtime.admin_url) as client:
        client.register(url, use_http_11=False)
        yield client


@pytest.mark.parametrize("count", [3, 30])
@pytest.mark.parametrize("handler", ["oneRun", "asyncRun", "futures", "sleeps"])
def test_every_task_gets_its_result(client: Client, handler: str, count: int) -> None:
    invocations = [client.send(f"Tasks/{handler}", count) for _ in range(5)]

    eventually(
        lambda: [each for each in invocations if not client.is_completed(each)],
        lambda left: left == [],
        what="the end of every invocation",
    )
    assert [client.attach(each) for each in invocations] == [list(range(count))] * 5
