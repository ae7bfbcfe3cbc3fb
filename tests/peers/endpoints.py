"""Endpoints of the official SDKs as processes, each with the application in `applications/`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.endpoint import ROOT
from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually
from tests.npm import install_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

START_TIMEOUT_S = 20
TYPESCRIPT_SDK = "@restatedev/restate-sdk@1.17.2"


def install_typescript_sdk() -> Path:
    """Return a folder whose `node_modules` has the SDK, which is installed once."""
    return install_packages("typescript-sdk", TYPESCRIPT_SDK)


def _python(port: int) -> tuple[Sequence[str], Mapping[str, str]]:
    app = "tests.peers.applications.official:app"
    # Hypercorn in one process: a killed parent of workers would leave them alive.
    return [sys.executable, "-m", "tests.asyncio_host", app, str(port)], {}


def _typescript(port: int) -> tuple[Sequence[str], Mapping[str, str]]:
    environment = {"PORT": str(port), "MODULES": str(install_typescript_sdk())}
    return ["node", "tests/peers/applications/official.mjs"], environment


def _typescript_http1(port: int) -> tuple[Sequence[str], Mapping[str, str]]:
    command, environment = _typescript(port)
    return command, {**environment, "HTTP": "1"}


@dataclass(frozen=True)
class Kind:
    """An SDK and an HTTP version."""

    name: str
    #: Command and environment for a port.
    command: Callable[[int], tuple[Sequence[str], Mapping[str, str]]]
    use_http_11: bool


KINDS = {
    kind.name: kind
    for kind in (
        Kind("python-h2", _python, use_http_11=False),
        Kind("python-h1", _python, use_http_11=True),
        Kind("typescript-h2", _typescript, use_http_11=False),
        Kind("typescript-h1", _typescript_http1, use_http_11=True),
    )
}


class PeerEndpoint:
    """The process of an endpoint. Starting it again serves at the same address."""

    def __init__(self, kind: Kind, directory: Path) -> None:
        self.kind = kind
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        command, environment = kind.command(self._port)
        self._process = Process(command, log=directory / f"{kind.name}.log", cwd=ROOT, env=environment)

    @property
    def log(self) -> str:
        """The output so far."""
        return self._process.log

    def start(self) -> None:
        """Start the process, and return when its port is open."""
        self._process.start()
        eventually(self._is_ready, within=START_TIMEOUT_S, what=f"the readiness of {self.kind.name}")

    def kill(self) -> None:
        """Kill the process if it runs."""
        self._process.kill()

    def _is_ready(self) -> bool:
        if not self._process.is_alive():
            raise RuntimeError(f"{self.kind.name} ended while starting:\n{self.log[-4000:]}")
        return is_listening(self._port)
