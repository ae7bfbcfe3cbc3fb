"""Attacks on what outside parties reach: `make test-doors`.

Tests take `doors`, which comes once for each way to run an application, or for those that the mark `on` names, and is
shared; or `open_doors`, which starts one with options of the test's own. After each test, `doors` must answer others as
before, and must have printed no traceback.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

import grpc
import httpx
import pytest
from awaken.control.v1 import awakeables_pb2, awakeables_pb2_grpc

from tests.doors.setups import ServerWithEndpoint, Setup
from tests.e2e.effects import Effects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

KINDS = ("dev", "runtime", "gateway")
#: How long others may wait for an answer after an attack. Generous: this shows that they get one.
PATIENCE_S = 10


class OpenDoors(Protocol):
    """Starts a command with options of its own, for the duration of a `with` statement."""

    def __call__(
        self,
        kind: str,
        *options: str,
        environment: Mapping[str, str] | None = None,
        is_served: bool = True,
    ) -> AbstractContextManager[Setup]:
        """Start `awaken KIND` with `options`."""
        ...


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "on(*kinds): which of dev, runtime and gateway a test attacks")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test its setups. pytest then sorts by setup."""
    if "doors" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on")
        metafunc.parametrize("doors", marker.args if marker else KINDS, indirect=True, scope="session")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerWithEndpoint]:
    """The real server, which all gateways share. It starts with the first of them."""
    with ServerWithEndpoint(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def doors(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    """What is attacked. All its tests share it: do not end its processes."""
    behind = request.getfixturevalue("server") if request.param == "gateway" else None
    with Setup(request.param, tmp_path_factory.mktemp(request.param), server=behind) as setup:
        yield setup


@pytest.fixture
def open_doors(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenDoors]:
    """Start a command of the test's own, which the test may kill. `tmp_path` has its data and log."""
    opened: list[Setup] = []

    @contextmanager
    def open_one(
        kind: str,
        *options: str,
        environment: Mapping[str, str] | None = None,
        is_served: bool = True,
    ) -> Iterator[Setup]:
        behind = request.getfixturevalue("server") if kind == "gateway" else None
        setup = Setup(
            kind,
            tmp_path,
            options=options,
            environment=environment,
            server=behind,
            is_served=is_served,
        )
        opened.append(setup)
        with setup:
            yield setup

    yield open_one
    assert not [setup.log for setup in opened if "Traceback" in setup.log]


@pytest.fixture
def effects(tmp_path: Path) -> Effects:
    """A file that handlers write into."""
    return Effects(tmp_path / "effects")


@pytest.fixture(autouse=True)
def _others_are_served(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the attack that hurts others, rather than the test that comes after it."""
    if "doors" not in request.fixturenames:
        yield
        return
    doors: Setup = request.getfixturevalue("doors")
    printed = len(doors.log)
    yield
    check_others_are_served(doors)
    assert "Traceback" not in doors.log[printed:], doors.log[printed:]


def check_others_are_served(doors: Setup) -> None:
    """Use each interface as somebody who has nothing to do with the attack."""
    assert doors.process.is_alive()
    assert doors.client.call("Greeter/greet", "somebody") == "hello somebody"
    assert doors.client.query("SELECT COUNT(1) AS n FROM sys_invocation")[0]["n"] > 0
    with ExitStack() as stack:
        channel = stack.enter_context(grpc.insecure_channel(doors.grpc))
        awakeables = awakeables_pb2_grpc.AwakeablesStub(channel)  # type: ignore[no-untyped-call]
        awakeables.List(awakeables_pb2.ListAwakeablesRequest(page_size=1), timeout=PATIENCE_S)
    page = httpx.get(f"{doors.inbox_url}/", timeout=PATIENCE_S)
    assert page.status_code == httpx.codes.OK
