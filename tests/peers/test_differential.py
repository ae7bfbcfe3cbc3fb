"""Random programs of durable operations have the same outcome on the embedded runtime and on the real server."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from awaken import _core
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.embedded import EmbeddedRuntime
from tests.e2e.endpoint import EndpointProcess
from tests.e2e.ingress import Client
from tests.e2e.server import RestateServer
from tests.peers.history import history
from tests.peers.programs import awakeables_from_outside, object_programs, workflow_programs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.e2e.runtime import RuntimeFactory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

APP = "tests.peers.applications.interpreter:app"
FIRST_AWAKEABLE = 17
PROGRAMS = 20
SETTINGS = {
    "RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7": "false",
    "RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL": "10ms",
}
SUSPENDING = {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "0s"}


@pytest.fixture(scope="module", params=[{}, SUSPENDING], ids=["open", "suspending"])
def clients(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, ...]]:
    """Clients of the embedded runtime and of the server, both with the same endpoint."""
    directory = tmp_path_factory.mktemp("differential")
    chosen: Mapping[str, str] = {**SETTINGS, **request.param}
    kinds: tuple[RuntimeFactory, ...] = (EmbeddedRuntime, RestateServer)
    runtimes = [create(directory / str(number), chosen) for number, create in enumerate(kinds)]
    endpoint = EndpointProcess(directory, APP)
    opened = []
    try:
        endpoint.start()
        for number, runtime in enumerate(runtimes):
            (directory / str(number)).mkdir()
            runtime.start()
            opened.append(Client(runtime.ingress_url, runtime.admin_url))
            opened[-1].register(endpoint.url, use_http_11=False)
        yield tuple(opened)
    finally:
        for client in opened:
            client.__exit__()
        endpoint.kill()
        for runtime in runtimes:
            runtime.kill()


@settings(max_examples=PROGRAMS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.tuples(st.just("Interpreter/{}/execute"), object_programs),
        st.tuples(st.just("Flow/{}/run"), workflow_programs),
    )
)
def test_programs_leave_the_same_behind(
    clients: tuple[Client, ...], call: tuple[str, list[list[Any]]]
) -> None:
    target, program = call
    key = uuid.uuid4().hex

    with ThreadPoolExecutor(2) as both:
        embedded, server = both.map(lambda client: _leave(client, target.format(key), program), clients)

    assert embedded == server


def _leave(client: Client, target: str, program: list[list[Any]]) -> dict[str, Any]:
    invocation = client.send(target, program)
    raw = _core.parse_invocation_id(invocation)
    for number in awakeables_from_outside(program):
        awakeable = _core.format_awakeable_id(raw, FIRST_AWAKEABLE + number)
        client.resolve(awakeable, f'"outside {number}"'.encode()).raise_for_status()
    return history(client, invocation)
