"""ASGI servers as subprocesses: how to start each one, and how it ends on SIGTERM."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.processes import Process, free_port, is_listening
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[1]
START_TIMEOUT_S = 20


@dataclass(frozen=True)
class HostKind:
    """One way to serve an ASGI application."""

    name: str
    command: Sequence[str]
    is_http2: bool = True
    #: Where the application is mounted.
    prefix: str = ""
    #: Bytes of the smallest DATA frames that the host accepts many of before it has read them.
    smallest_frame: int = 1
    #: How the host exits after SIGTERM if all goes well.
    exit_code: int = 0


def _run(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


#: `{app}` is `MODULE:NAME` of the application, or of the FastAPI one around it; `{port}` is free.
HOSTS = {
    kind.name: kind
    for kind in (
        HostKind(
            "hypercorn",
            _run("hypercorn", "{app}", "--bind", "127.0.0.1:{port}", "--graceful-timeout", "1"),
        ),
        # As in the official documentation. Hypercorn 0.18 raises an error of its own when it abandons a stream that is
        # still open after the graceful timeout; its command line has the same error, but exits with 0.
        HostKind("hypercorn-in-asyncio", _run("tests.asyncio_host", "{app}", "{port}"), exit_code=1),
        HostKind(
            "granian",
            _run(
                *("granian", "{app}", "--interface", "asgi", "--host", "127.0.0.1", "--port", "{port}"),
                *("--http", "2", "--workers-kill-timeout", "2"),
            ),
            # Against floods, its HTTP/2 library answers some hundred smaller ones with GOAWAY, too_many_data_frames.
            smallest_frame=256,
        ),
        # Re-raises the signal after its shutdown, so that the parent process sees it.
        HostKind(
            "uvicorn",
            _run(
                "uvicorn",
                "{app}",
                "--host",
                "127.0.0.1",
                "--port",
                "{port}",
                "--timeout-graceful-shutdown",
                "1",
            ),
            is_http2=False,
            exit_code=-signal.SIGTERM,
        ),
        HostKind(
            "fastapi-on-hypercorn",
            _run("hypercorn", "{mounted}", "--bind", "127.0.0.1:{port}", "--graceful-timeout", "1"),
            prefix="/durable",
        ),
        HostKind(
            "fastapi-on-uvicorn",
            _run(
                "uvicorn",
                "{mounted}",
                "--host",
                "127.0.0.1",
                "--port",
                "{port}",
                "--timeout-graceful-shutdown",
                "1",
            ),
            is_http2=False,
            prefix="/durable",
            exit_code=-signal.SIGTERM,
        ),
    )
}


class Host:
    """A host process. Starting it again serves at the same address."""

    def __init__(self, kind: HostKind, app: str, mounted: str, directory: Path) -> None:
        self.kind = kind
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{kind.prefix}"
        command = [part.format(app=app, mounted=mounted, port=self.port) for part in kind.command]
        self._process = Process(
            command,
            log=directory / f"{kind.name}-{self.port}.log",
            cwd=ROOT,
            env={"PYTHONUNBUFFERED": "1"},
        )

    @property
    def log(self) -> str:
        """The output so far."""
        return self._process.log

    def start(self) -> None:
        """Start the process, and return when its port is open."""
        self._process.start()
        eventually(self._is_ready, within=START_TIMEOUT_S, what=f"the readiness of {self.kind.name}")

    def stop(self) -> int:
        """Send SIGTERM, and return the exit code."""
        return self._process.stop(within=10)

    def kill(self) -> None:
        """Kill the process if it runs."""
        self._process.kill()

    def _is_ready(self) -> bool:
        if not self._process.is_alive():
            raise RuntimeError(f"{self.kind.name} ended while starting:\n{self.log[-4000:]}")
        return is_listening(self.port)
