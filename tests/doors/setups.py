"""What people run: `awaken dev`, `awaken runtime` with `awaken serve`, and `awaken gateway` with the real server.

Each is made of real processes on loopback ports, with one application behind it.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import httpx

from tests.e2e.endpoint import ROOT, EndpointProcess
from tests.e2e.ingress import Client
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.server import RestateServer
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

APP = "tests.doors.application:app"
START_TIMEOUT_S = 30
LINK_KEYS = "test:bm90IGEgc2VjcmV0LCBmb3IgdGVzdHMgb2YgbGlua3Mh"


class ServerWithEndpoint:
    """The real server with the application registered, for gateways to stand in front of.

    It suspends what waits after a second: before, it does not tell what a handler waits for.
    """

    def __init__(self, directory: Path, app: str = APP) -> None:
        self._runtime = RestateServer(directory, {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "1s"})
        self._endpoint = EndpointProcess(directory, app)
        self.ingress_url = self._runtime.ingress_url
        self.admin_url = self._runtime.admin_url

    def __enter__(self) -> Self:
        try:
            self._runtime.start()
            self._endpoint.start()
            with Client(self.ingress_url, self.admin_url) as client:
                client.register(self._endpoint.url, use_http_11=False)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._endpoint.kill()
        self._runtime.kill()


class Setup:
    """A command that runs, the addresses on which outside parties reach it, and a client of them.

    Args:
        kind: "dev", "runtime" or "gateway".
        directory: for data and logs.
        options: more options of the command.
        environment: more environment variables of the command.
        server: the runtime behind a gateway.
        is_served: whether `runtime` gets the application, from an endpoint in a process of its own.
        app: the application.
    """

    def __init__(
        self,
        kind: str,
        directory: Path,
        *,
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        server: ServerWithEndpoint | None = None,
        is_served: bool = True,
        app: str = APP,
    ) -> None:
        self.kind = kind
        self._app = app
        self.data = directory / "data"
        self.ingress_url = server.ingress_url if server else f"http://{_free_address()}"
        self.admin_url = server.admin_url if server else f"http://{_free_address()}"
        #: HOST:PORT of the gRPC control plane.
        self.grpc = _free_address()
        #: Without a slash at its end.
        self.inbox_url = f"http://{_free_address()}" if server else f"{self.admin_url}/ui"
        self.client = Client(self.ingress_url, self.admin_url)
        # `runtime` serves the links that its endpoint makes, so both have to know where they lead, and their key.
        links = {
            "AWAKEN_CALLBACK_URL": f"{self.ingress_url}/restate/callbacks",
            "AWAKEN_CALLBACK_KEYS": LINK_KEYS,
        }
        shared = links if kind == "runtime" else {}
        self.process = Process(
            [sys.executable, "-m", "awaken.cli", kind, *self._options(), *options],
            log=directory / f"{kind}.log",
            cwd=ROOT,
            env={"PYTHONUNBUFFERED": "1", **shared, **(environment or {})},
        )
        #: What serves the application to `runtime`.
        self.endpoint = (
            EndpointProcess(directory, app, environment=shared) if kind == "runtime" and is_served else None
        )

    @property
    def log(self) -> str:
        """What the command has printed."""
        return self.process.log

    @property
    def own_urls(self) -> list[str]:
        """The HTTP interfaces of the command itself; those of the server behind a gateway are not."""
        return [self.inbox_url] if self.kind == "gateway" else [self.ingress_url, self.admin_url]

    def __enter__(self) -> Self:
        try:
            self.start()
            if self.endpoint is not None:
                self.endpoint.start()
                self.client.register(self.endpoint.url, use_http_11=False)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as stack:
            stack.callback(self.process.kill)
            if self.endpoint is not None:
                stack.callback(self.endpoint.kill)
            self.client.__exit__()

    def start(self) -> None:
        """Start the command, and return when it answers. It may have been killed before."""
        self.process.start()
        eventually(self._is_ready, within=START_TIMEOUT_S, what=f"the readiness of awaken {self.kind}")

    def _options(self) -> list[str]:
        if self.kind == "gateway":
            return [
                *("--ingress", self.ingress_url, "--admin", self.admin_url),
                *("--grpc", self.grpc, "--inbox", _address(self.inbox_url)),
            ]
        return [
            *([self._app] if self.kind == "dev" else []),
            *("--ingress", _address(self.ingress_url), "--admin", _address(self.admin_url)),
            *("--grpc", self.grpc, "--data-dir", str(self.data)),
        ]

    def _is_ready(self) -> bool:
        if not self.process.is_alive():
            raise RuntimeError(f"awaken {self.kind} ended while starting:\n{self.log[-4000:]}")
        if not is_listening(int(self.grpc.rpartition(":")[2])):
            return False
        try:  # with any status: a test may have asked for tokens
            return all(httpx.get(url, verify=False) is not None for url in self.own_urls)
        except httpx.TransportError:
            return False


def _free_address() -> str:
    return f"127.0.0.1:{free_port()}"


def _address(url: str) -> str:
    return url.removeprefix("http://")
