"""The peers, and a running endpoint of each: starts and stops it, measures its CPU time and memory."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["PEERS", "Endpoint", "Peer"]

ROOT = Path(__file__).parents[2]
APP = "benches.peers.handlers:app"
START_TIMEOUT_S = 20.0
#: Granian does not stop on SIGTERM once it has served the official application.
STOP_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Peer:
    """One package on one server. `{port}` in the command stands for the port to listen on."""

    name: str
    title: str
    package: str
    command: Sequence[str]

    @contextmanager
    def serve(self, environment: Mapping[str, str] | None = None) -> Iterator[Endpoint]:
        """Start the endpoint, yield it when it accepts connections, and stop it.

        Raises:
            RuntimeError: the program is missing, or its process ended or did not listen in time; the message contains
                its output.
        """
        port = free_port()
        name, *arguments = (part.format(port=port) for part in self.command)
        program = Path(sys.executable).with_name(name)
        if not program.exists():
            raise RuntimeError(f"{self.name} needs {program}; install the package and its `bench` group")
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [str(program), *arguments],
                cwd=ROOT,
                env={**os.environ, "BENCH_SDK": self.package, "PYTHONPATH": str(ROOT), **(environment or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                if not is_listening(process, port):
                    output.seek(0)
                    printed = output.read().decode(errors="replace").strip()
                    raise RuntimeError(f"{self.name} does not listen on port {port}; its output: {printed}")
                yield Endpoint(self, port, psutil.Process(process.pid))
            finally:
                stop(process)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running peer."""

    peer: Peer
    port: int
    process: psutil.Process

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def cpu_seconds(self) -> float:
        """User and system time of the whole process tree so far; the kernel counts in steps of 10 ms."""
        times = [process.cpu_times() for process in self._tree()]
        return float(sum(spent.user + spent.system for spent in times))

    def memory(self) -> int:
        """Resident bytes of the whole process tree."""
        return int(sum(process.memory_info().rss for process in self._tree()))

    def wait_until_idle(self, timeout_s: float = 60.0) -> None:
        """Return when the endpoint has used no CPU for half a second."""
        deadline = time.monotonic() + timeout_s
        quiet_since, used = time.monotonic(), self.cpu_seconds()
        while time.monotonic() - quiet_since < 0.5:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.peer.name} is still busy after {timeout_s:.0f} s without new work")
            time.sleep(0.1)
            now = self.cpu_seconds()
            if now > used:
                quiet_since, used = time.monotonic(), now

    def _tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_listening(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


def stop(process: subprocess.Popen[bytes]) -> None:
    tree = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in psutil.wait_procs(tree, timeout=1)[1]:
        child.kill()


#: The first one is compared with the others.
PEERS = (
    Peer("awaken", "awaken serve", "awaken", ("awaken", "serve", APP, "--bind", "127.0.0.1:{port}")),
    Peer(
        "awaken-granian",
        "awaken on Granian",
        "awaken",
        (
            *(
                "granian",
                "--interface",
                "asgi",
                "--http",
                "2",
                "--workers",
                "1",
                "--no-ws",
                "--loop",
                "uvloop",
            ),
            *("--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning", APP),
        ),
    ),
    Peer(
        "granian",
        "restate-sdk on Granian",
        "restate",
        # `asginl` is ASGI without the lifespan protocol, which the official application does not speak.
        (
            *(
                "granian",
                "--interface",
                "asginl",
                "--http",
                "2",
                "--workers",
                "1",
                "--no-ws",
                "--loop",
                "uvloop",
            ),
            *("--host", "127.0.0.1", "--port", "{port}", "--log-level", "warning", APP),
        ),
    ),
    Peer(
        "hypercorn",
        "restate-sdk on Hypercorn",
        "restate",
        ("hypercorn", "--workers", "1", "--worker-class", "uvloop", "--bind", "127.0.0.1:{port}", APP),
    ),
    Peer(
        "awaken-h2",
        "awaken serve, with the h2 package as its HTTP/2 engine",
        "awaken",
        ("awaken", "serve", APP, "--bind", "127.0.0.1:{port}", "--http2-engine", "h2"),
    ),
)
