"""An endpoint of the official SDK, registered with the runtime."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.endpoint import ROOT
from tests.e2e.ingress import Client, InvocationFailed
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.runtime import RuntimeFactory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
SUSPEND_AT_ONCE = {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s"}


@pytest.fixture(scope="module", params=[{}, SUSPEND_AT_ONCE], ids=["waiting", "suspending"])
def caller(
    request: pytest.FixtureRequest, create_runtime: RuntimeFactory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    directory = tmp_path_factory.mktemp("official")
    runtime = create_runtime(directory, request.param)
    port = free_port()
    endpoint = Process(
        [
            *(sys.executable, "-m", "hypercorn", "tests.e2e.services.official:app"),
            *("--bind", f"127.0.0.1:{port}"),
        ],
        log=directory / "endpoint.log",
        cwd=ROOT,
        env={},
    )
    try:
        runtime.start()
        endpoint.start()
        eventually(lambda: is_listening(port), within=20, what="the official endpoint's readiness")
        with Client(runtime.ingress_url, runtime.admin_url) as client:
            client.register(f"http://127.0.0.1:{port}", use_http_11=False)
            yield client
    finally:
        endpoint.kill()
        runtime.kill()


def test_calls_sleeps_runs_and_errors(caller: Client) -> None:
    assert caller.call("OfficialPlain/greet", "Ada") == "Hello Ada!"
    assert caller.call("OfficialPlain/relay", "Ada") == "Hello Ada!"
    with pytest.raises(InvocationFailed, match="teapot") as failed:
        caller.call("OfficialPlain/refuse")
    assert (failed.value.code, failed.value.source) == (418, "invocation")


def test_state_of_an_object(caller: Client) -> None:
    assert [caller.call("OfficialCounter/k/add", 5) for _ in range(3)] == [5, 10, 15]


def test_awakeable_is_resolved_from_outside(caller: Client, tmp_path: Path) -> None:
    file = tmp_path / "id"
    invocation_id = caller.send("OfficialPlain/wait", str(file))
    awakeable_id = eventually(
        lambda: file.read_text() if file.exists() else "", bool, what="the awakeable's id"
    )

    assert caller.resolve(awakeable_id, b'"done"').status_code == 202

    assert caller.attach(invocation_id) == "done"
