"""The application in a process of its own, under one SDK or the other."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx

from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 25
SDKS = ("official", "awaken")
#: How each SDK names itself in its responses.
NAMES = {"official": "restate-sdk-python/1.3.0", "awaken": "awaken/"}
#: By default Hypercorn serves from a child, which would outlive a killed parent and keep the port.
ONE_PROCESS = ("--workers", "0")


class Serving:
    """One SDK serves one application at one port; several may take turns at the same port.

    Args:
        sdk: `official`, on Hypercorn as its documentation shows, or `awaken`.
        prefix: begins the names of the services.
        directory: where the log goes.
        app: a module of this folder and the name in it.
        port: of loopback; a free one when it is not given.
    """

    def __init__(
        self,
        sdk: str,
        prefix: str,
        directory: Path,
        app: str = "tests.compat.app:app",
        port: int | None = None,
    ) -> None:
        self.sdk = sdk
        self.prefix = prefix
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        bind = f"127.0.0.1:{self.port}"
        command = {
            "official": [sys.executable, "-m", "hypercorn", app, "--bind", bind, *ONE_PROCESS],
            "awaken": [sys.executable, "-m", "awaken.cli", "serve", app, "--bind", bind],
        }[sdk]
        self._process = Process(
            command,
            log=directory / f"{sdk}-{self.port}.log",
            cwd=ROOT,
            env={"COMPAT_SDK": sdk, "COMPAT_PREFIX": prefix, "PYTHONUNBUFFERED": "1"},
        )

    @property
    def log(self) -> str:
        return self._process.log

    def start(self) -> None:
        self._process.start()
        eventually(self._is_ready, within=START_TIMEOUT_S, what=f"{self.sdk}'s readiness at {self.url}")

    def kill(self) -> None:
        """Kill the process if it runs."""
        self._process.kill()

    def _is_ready(self) -> bool:
        if not self._process.is_alive():
            raise RuntimeError(f"{self.sdk} ended while starting:\n{self.log[-4000:]}")
        return is_listening(self.port) and self._name().startswith(NAMES[self.sdk])

    def _name(self) -> str:
        return httpx.get(f"{self.url}/health").headers["x-restate-server"]
