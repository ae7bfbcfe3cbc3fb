"""The same endpoint under third-party ASGI servers, with the real runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.ingress import Client
from tests.hosts import HOSTS, Host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.effects import Effects
    from tests.e2e.runtime import Runtime, RuntimeFactory

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


@pytest.fixture(scope="module")
def runtime(create_runtime: RuntimeFactory, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    runtime = create_runtime(tmp_path_factory.mktemp("hosts"), {})
    runtime.start()
    yield runtime
    runtime.kill()


@pytest.fixture
def caller(runtime: Runtime) -> Iterator[Client]:
    with Client(runtime.ingress_url, runtime.admin_url) as client:
        yield client


@pytest.fixture(params=list(HOSTS))
def host(
    request: pytest.FixtureRequest, caller: Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    kind = HOSTS[request.param]
    host = Host(
        kind,
        "tests.e2e.services.app:app",
        "tests.e2e.services.mounted:outer",
        tmp_path_factory.mktemp(kind.name),
    )
    host.start()
    caller.register(host.url, use_http_11=not kind.is_http2)
    yield host
    host.kill()
    print(host.log[-4000:])  # pytest shows it if the test failed


def test_host_serves_waits_and_ends_on_sigterm(host: Host, caller: Client, effects: Effects) -> None:
    """The official SDK, after a request, takes the handling of SIGTERM away from its host."""
    assert caller.call("Greeter/greet", "host") == "Hello host!"
    resolved = caller.send("Awaiting/value", effects.path)
    caller.resolve(effects.wait_for("id", 1)[0], b'"resolved"')
    assert caller.attach(resolved) == {"value": "resolved"}

    waiting = caller.send("Awaiting/value", effects.path)
    awakeable = effects.wait_for("id", 2)[1]
    log = host.log
    exit_code = host.stop()

    assert exit_code == host.kind.exit_code, host.log
    assert "Traceback" not in log
    assert "ifespan error" not in log.lower()
    host.start()
    caller.resolve(awakeable, b'"after the restart"')
    assert caller.attach(waiting) == {"value": "after the restart"}
    assert len(effects.values("id")) == 2
