"""Three real servers that form a cluster, and our endpoint: `make test-cluster`."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.cluster.callers import Callers
from tests.cluster.nodes import NODES, Cluster
from tests.e2e.effects import Effects
from tests.e2e.endpoint import EndpointProcess
from tests.e2e.ingress import Client
from tests.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

APP = "tests.cluster.app:app"
LOG_TAIL = 4000


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """What chance starts from; another one in each run unless `--cluster-seed` is given."""
    chosen = request.config.getoption("--cluster-seed")
    value = random.randrange(10_000) if chosen is None else int(str(chosen))
    request.node.add_report_section("setup", "seed", f"repeat with `make test-cluster SEED={value}`")
    return value


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="session")
def signer() -> Signer:
    """The key that all nodes have."""
    return Signer()


@pytest.fixture(scope="session")
def cluster(directory: Path, signer: Signer) -> Iterator[Cluster]:
    """A cluster that all tests share; each leaves it whole."""
    with Cluster(directory, [signer] * NODES) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def endpoint(cluster: Cluster, directory: Path, signer: Signer) -> Iterator[EndpointProcess]:
    """Our endpoint with two workers, registered once, with one of the nodes."""
    endpoint = EndpointProcess(directory, APP, "--workers", "2", "--identity-key", signer.public_key)
    endpoint.start()
    try:
        node = cluster.nodes[1]
        with Client(node.ingress_url, node.admin_url) as client:
            client.register(endpoint.url, use_http_11=False)
        yield endpoint
    finally:
        endpoint.kill()


@pytest.fixture
def callers(cluster: Cluster, endpoint: EndpointProcess) -> Iterator[Callers]:
    callers = Callers(cluster)
    yield callers
    callers.close()


@pytest.fixture
def effects(tmp_path: Path) -> Effects:
    return Effects(tmp_path / "effects")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the output of the processes if a test fails."""
    report = yield
    arguments = getattr(item, "funcargs", {})
    if report.failed and "cluster" in arguments:
        report.sections += [(node.name, node.log[-LOG_TAIL:]) for node in arguments["cluster"].nodes]
    if report.failed and "endpoint" in arguments:
        report.sections.append(("endpoint", arguments["endpoint"].log[-LOG_TAIL:]))
    return report
