"""The program with both SDKs, served by processes and registered with both runtimes."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.endpoint import ROOT, EndpointProcess
from tests.e2e.ingress import Client
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually
from tests.unchanged.agents.adk.scripted import CALLS, notes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.runtime import Runtime
    from tests.unchanged.runtimes import Both

PROGRAM = "tests.unchanged.agents.adk.program:app"
#: The name of the object, by SDK.
NAMES = {"restate": "OfficialAdk", "awaken": "OurAdk"}

#: The name of an object that both serve; runtimes know the official one.
MOVED = "MovedAdk"


@pytest.fixture(autouse=True)
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of what happens in this process."""
    path = tmp_path / "calls"
    monkeypatch.setenv(CALLS, str(path))
    return path


@dataclass
class Served:
    """The program with one SDK, in a process."""

    endpoint: Any
    url: str
    folder: Path
    #: Its id at each runtime.
    deployments: list[str] = field(default_factory=list)

    def wait(self) -> None:
        """Wait until it listens."""
        port = int(self.url.rpartition(":")[2])
        eventually(lambda: is_listening(port), within=60, what=f"the endpoint at {self.url}")

    @property
    def calls(self) -> list[list[Any]]:
        """What it noted."""
        return notes(self.folder / "calls")

    def awakeable(self) -> str:
        """Return the id of an awakeable that a tool waits for, once."""
        path = self.folder / "awakeable"
        identifier = eventually(
            lambda: path.read_text() if path.exists() else "", within=30, what="an awakeable"
        )
        path.unlink()
        return identifier


def serve(sdk: str, folder: Path) -> Served:
    """Return the program, not started."""
    environment = {
        "ADK_SDK": sdk,
        "ADK_SERVICES": f"{NAMES[sdk]},{MOVED}",
        "ADK_AWAKEABLE": str(folder / "awakeable"),
        CALLS: str(folder / "calls"),
    }
    if sdk == "awaken":
        ours = EndpointProcess(folder, PROGRAM, environment=environment)
        return Served(ours, ours.url, folder)
    port = free_port()
    official = Process(
        [sys.executable, "-m", "hypercorn", PROGRAM, "--bind", f"127.0.0.1:{port}"],
        log=folder / "official.log",
        cwd=ROOT,
        env=environment,
    )
    return Served(official, f"http://127.0.0.1:{port}", folder)


@pytest.fixture(scope="session")
def clients(both: Both) -> Iterator[list[Client]]:
    """A client of each runtime."""
    with (
        Client(both.server.ingress_url, both.server.admin_url) as server,
        Client(both.embedded.ingress_url, both.embedded.admin_url) as embedded,
    ):
        yield [server, embedded]


@pytest.fixture(scope="session")
def programs(clients: list[Client], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    """The program with each SDK, by its name, registered with both runtimes."""
    served = {sdk: serve(sdk, tmp_path_factory.mktemp(sdk)) for sdk in NAMES}
    try:
        for each in served.values():
            each.endpoint.start()
        for sdk in ("awaken", "restate"):  # in this order, so that the official one has the common object
            served[sdk].wait()
            for client in clients:
                served[sdk].deployments.append(client.register(served[sdk].url, use_http_11=False))
        yield served
    finally:
        for each in served.values():
            each.endpoint.kill()


@pytest.fixture
def client(runtime: Runtime) -> Iterator[Client]:
    """A client of one runtime after the other."""
    with Client(runtime.ingress_url, runtime.admin_url) as each:
        yield each
