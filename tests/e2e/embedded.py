"""The embedded runtime as a process of its own: `awaken runtime`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import httpx

from tests.e2e.endpoint import ROOT
from tests.e2e.processes import Process, free_port
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 25

#: By default it speaks protocol 7 to our endpoints; a lane that wants that has to say so, as with the server.
BASE_SETTINGS = {"RESTATE_EXPERIMENTAL_ENABLE_PROTOCOL_V7": "false"}


class EmbeddedRuntime:
    """An `awaken runtime` process with its own ports and directory; it reads the server's environment variables."""

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        ingress, admin, grpc = free_port(), free_port(), free_port()
        self.ingress_url = f"http://127.0.0.1:{ingress}"
        self.admin_url = f"http://127.0.0.1:{admin}"
        self._process = Process(
            [
                *(sys.executable, "-m", "awaken.cli", "runtime"),
                *("--ingress", f"127.0.0.1:{ingress}"),
                *("--admin", f"127.0.0.1:{admin}"),
                *("--grpc", f"127.0.0.1:{grpc}"),
                *("--data-dir", str(directory / "data")),
            ],
            log=directory / "runtime.log",
            cwd=ROOT,
            env={"PYTHONUNBUFFERED": "1", **BASE_SETTINGS, **settings},
        )

    @property
    def log(self) -> str:
        return self._process.log

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        self._process.start()
        eventually(self._is_ready, within=START_TIMEOUT_S, what=f"the runtime's readiness ({self.admin_url})")

    def stop(self) -> None:
        self._process.stop(within=STOP_TIMEOUT_S)

    def kill(self) -> None:
        self._process.kill()

    def _is_ready(self) -> bool:
        if not self._process.is_alive():
            raise RuntimeError(f"the runtime ended while starting:\n{self.log[-4000:]}")
        try:
            return all(
                httpx.get(url).status_code == httpx.codes.OK
                for url in (f"{self.ingress_url}/restate/health", f"{self.admin_url}/health")
            )
        except httpx.TransportError:
            return False
