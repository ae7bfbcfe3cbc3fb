"""Our endpoint, served by the `awaken` command in a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 20


class EndpointProcess:
    """`awaken serve MODULE:APP`. Starting it again serves at the same address, in a new process."""

    def __init__(
        self,
        directory: Path,
        app: str,
        *options: str,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._port = port or free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process = Process(
            [sys.executable, "-m", "awaken.cli", "serve", app, "--bind", f"127.0.0.1:{self._port}", *options],
            log=directory / f"endpoint-{self._port}.log",
            cwd=ROOT,
            env={"PYTHONUNBUFFERED": "1", **(environment or {})},
        )

    @property
    def log(self) -> str:
        return self._process.log

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def start(self) -> None:
        self._process.start()
        eventually(self._is_ready, within=START_TIMEOUT_S, what=f"the endpoint's readiness at {self.url}")

    def stop(self) -> int:
        """Send SIGTERM, wait for the end of the drain and return the exit code."""
        return self._process.stop()

    def terminate(self) -> None:
        """Send SIGTERM and return at once."""
        self._process.terminate()

    def wait(self, *, within: float) -> int:
        """Wait for the end and return the exit code."""
        return self._process.wait(within=within)

    def kill(self) -> None:
        """Kill the process, as a power cut would."""
        self._process.kill()

    def _is_ready(self) -> bool:
        if not self._process.is_alive():
            raise RuntimeError(f"the endpoint ended while starting:\n{self.log[-4000:]}")
        return is_listening(self._port)
