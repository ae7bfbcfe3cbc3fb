"""The stacks: a runtime and an endpoint, started as people start them, with durable commits.

Each is as it is by default, apart from ports and folders. The real server writes its log to RocksDB and syncs its WAL
before it acknowledges; the embedded runtime syncs the write-ahead log of SQLite. Their folders must be on a disk:
where syncing costs nothing, durability would cost nothing either.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil

from benches.peers.endpoints import GRANIAN
from benches.peers.programs import find_installed
from benches.processes import Trees
from tests.e2e.ingress import Client
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.server import RestateServer
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["STACKS", "RunningStack", "Stack", "check_disk"]

ROOT = Path(__file__).parents[2]
APP = "benches.runtimes.app:app"
START_TIMEOUT_S = 20.0
#: File systems that keep nothing when the machine stops.
VOLATILE = {"tmpfs", "ramfs", "devtmpfs"}


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A stack that answers calls."""

    stack: Stack
    ingress_url: str
    admin_url: str
    trees: Trees

    @property
    def address(self) -> str:
        """Host and port of the ingress."""
        return self.ingress_url.removeprefix("http://")


@dataclass(frozen=True, slots=True)
class Stack:
    """A runtime (`server`, `embedded`, or `dev`, which is both) and what serves the endpoint (`granian`, `awaken`)."""

    name: str
    title: str
    runtime: str
    endpoint: str = ""

    @contextmanager
    def run(self, folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[RunningStack]:
        """Start runtime and endpoint in a folder that is theirs, yield them when they answer, and kill them.

        Args:
            folder: for the data and the logs.
            settings: of the runtime, under the server's names.

        Raises:
            RuntimeError: one of them ended while starting; the message has its output.
        """
        with ExitStack() as cleanup:
            if self.runtime == "server":
                server = RestateServer(folder, settings or {})
                cleanup.callback(server.kill)
                server.start()
                ingress, admin, pids = server.ingress_url, server.admin_url, [server.pid]
            else:
                embedded = EmbeddedProcess(folder, is_dev=self.runtime == "dev", settings=settings or {})
                cleanup.callback(embedded.process.kill)
                embedded.start()
                ingress, admin, pids = embedded.ingress_url, embedded.admin_url, [embedded.process.pid]
            if self.endpoint:
                port = free_port()
                endpoint = make_endpoint(self.endpoint, port, folder)
                cleanup.callback(endpoint.kill)
                start_process(endpoint, lambda: is_listening(port), "endpoint")
                pids.append(endpoint.pid)
                with Client(ingress, admin) as client:
                    client.register(f"http://127.0.0.1:{port}", use_http_11=False)
            yield RunningStack(self, ingress, admin, Trees.of(*pids))


class EmbeddedProcess:
    """`awaken runtime` or `awaken dev`, on ports and a folder of its own; it may be killed and started again."""

    def __init__(self, folder: Path, *, is_dev: bool, settings: Mapping[str, str]) -> None:
        ingress, admin, grpc = free_port(), free_port(), free_port()
        self.ingress_url = f"http://127.0.0.1:{ingress}"
        self.admin_url = f"http://127.0.0.1:{admin}"
        self.process = Process(
            [
                *(find_installed("awaken"), *(("dev", APP) if is_dev else ("runtime",))),
                *("--ingress", f"127.0.0.1:{ingress}", "--admin", f"127.0.0.1:{admin}"),
                *("--grpc", f"127.0.0.1:{grpc}", "--data-dir", str(folder / "data")),
            ],
            log=folder / "runtime.log",
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "BENCH_SDK": "awaken", **settings},
        )

    def start(self) -> None:
        """Start, and return when ingress and admin API answer.

        Raises:
            RuntimeError: the process ended; the message has its output.
        """
        start_process(self.process, self._is_ready, "runtime")

    def _is_ready(self) -> bool:
        try:
            urls = f"{self.ingress_url}/restate/health", f"{self.admin_url}/health"
            return all(httpx.get(url).is_success for url in urls)
        except httpx.TransportError:
            return False


def start_process(process: Process, is_ready: Callable[[], bool], what: str) -> None:
    def is_ready_or_dead() -> bool:
        if not process.is_alive():
            raise RuntimeError(f"the {what} ended while starting; its output: {process.log[-4000:]}")
        return is_ready()

    process.start()
    eventually(is_ready_or_dead, within=START_TIMEOUT_S, what=f"the readiness of the {what}")


def make_endpoint(kind: str, port: int, folder: Path) -> Process:
    commands: dict[str, tuple[str, Sequence[str]]] = {
        "awaken": ("awaken", (find_installed("awaken"), "serve", APP, "--bind", f"127.0.0.1:{port}")),
        "granian": ("restate", (find_installed("granian"), *GRANIAN, "--port", str(port), APP)),
    }
    package, command = commands[kind]
    return Process(
        command,
        log=folder / "endpoint.log",
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "BENCH_SDK": package},
    )


def check_disk(folder: Path) -> str:
    """Return the type of the file system below a folder.

    Raises:
        RuntimeError: it is in memory.
    """
    places = [(Path(one.mountpoint), one.fstype) for one in psutil.disk_partitions(all=True)]
    above = [(len(place.parts), kind) for place, kind in places if folder.resolve().is_relative_to(place)]
    kind = max(above)[1]
    if kind in VOLATILE:
        raise RuntimeError(
            f"{folder} is on {kind}, where commits cost nothing; set TMPDIR to a folder on a disk"
        )
    return kind


#: The others are compared with the first one.
STACKS = (
    Stack("server-granian", "real server + official SDK on Granian", "server", "granian"),
    Stack("awaken-runtime", "awaken runtime + awaken serve", "embedded", "awaken"),
    Stack("awaken-dev", "awaken dev", "dev"),
    Stack("server-awaken", "real server + awaken serve", "server", "awaken"),
)
