"""One suite for every runtime: `pytest tests/e2e --runtime=server`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.effects import Effects
from tests.e2e.embedded import EmbeddedRuntime
from tests.e2e.lanes import BOTH_WAYS_TO_WAIT, LANES, Lane
from tests.e2e.server import RestateServer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from tests.e2e.ingress import Client
    from tests.e2e.runtime import RuntimeFactory

#: By value of `--runtime`; its choices are in tests/conftest.py.
RUNTIMES: dict[str, RuntimeFactory] = {"embedded": EmbeddedRuntime, "server": RestateServer}
LOG_TAIL = 4000
_open_lanes = pytest.StashKey[list[Lane]]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lanes(*names): the lanes that a test runs on; see tests/e2e/lanes.py")
    config.stash[_open_lanes] = []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test its lanes. pytest then sorts by lane, so that only one lane is open at a time."""
    if {"lane", "client", "private_lane"} & set(metafunc.fixturenames):
        marker = metafunc.definition.get_closest_marker("lanes")
        names = marker.args if marker else BOTH_WAYS_TO_WAIT
        if "private_lane" in metafunc.fixturenames:
            metafunc.parametrize("private_lane", names, indirect=True)
        else:
            metafunc.parametrize("lane", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def create_runtime(request: pytest.FixtureRequest) -> RuntimeFactory:
    return RUNTIMES[str(request.config.getoption("--runtime"))]


@pytest.fixture(scope="session")
def lane(
    request: pytest.FixtureRequest, create_runtime: RuntimeFactory, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lane]:
    """A lane that all its tests share: do not change its runtime or endpoint."""
    yield from _open_lane(request, create_runtime, tmp_path_factory.mktemp(request.param))


@pytest.fixture
def private_lane(
    request: pytest.FixtureRequest, create_runtime: RuntimeFactory, tmp_path: Path
) -> Iterator[Lane]:
    """A lane of one test, which may kill its processes."""
    yield from _open_lane(request, create_runtime, tmp_path)


@pytest.fixture(autouse=True)
def _revive(request: pytest.FixtureRequest) -> Iterator[None]:
    """Restart the shared endpoint if a test ended it, so that only that test fails."""
    yield
    if "lane" in request.fixturenames:
        endpoint = request.getfixturevalue("lane").endpoint
        if not endpoint.is_alive():
            endpoint.start()


@pytest.fixture
def client(lane: Lane) -> Client:
    return lane.client


@pytest.fixture
def effects(tmp_path: Path) -> Effects:
    return Effects(tmp_path / "effects")


def _open_lane(
    request: pytest.FixtureRequest, create_runtime: RuntimeFactory, directory: Path
) -> Iterator[Lane]:
    open_lanes = request.config.stash[_open_lanes]
    with Lane(LANES[request.param], create_runtime, directory) as lane:
        open_lanes.append(lane)
        yield lane
        open_lanes.remove(lane)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the output of the processes if a test fails."""
    report = yield
    if report.failed:
        for lane in item.config.stash[_open_lanes]:
            report.sections += [(title, text[-LOG_TAIL:]) for title, text in lane.logs()]
    return report
