"""The peers, and a running endpoint of each: starts and stops it, measures its CPU time and memory."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benches.peers.programs import GO, NODE, RUST, Build, find_installed
from benches.processes import Trees
from tests.e2e.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["GRANIAN", "PEERS", "Endpoint", "Peer"]

ROOT = Path(__file__).parents[2]
APP = "benches.peers.handlers:app"
START_TIMEOUT_S = 20.0
#: Granian does not stop on SIGTERM once it has served the official application.
STOP_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Peer:
    """One package on one server. `{port}` in the arguments stands for the port to listen on."""

    name: str
    title: str
    package: str
    #: A program that is installed beside this Python, or one that is built.
    program: str | Build
    arguments: Sequence[str]

    def find_program(self) -> tuple[str, ...]:
        """Return the command without its arguments; build it if needed.

        Raises:
            MissingProgram: it is not here and cannot be built.
        """
        return (find_installed(self.program),) if isinstance(self.program, str) else self.program.make()

    @contextmanager
    def serve(self, environment: Mapping[str, str] | None = None) -> Iterator[Endpoint]:
        """Start the endpoint, yield it when it accepts connections, and stop it.

        Raises:
            MissingProgram: the program is missing.
            RuntimeError: its process ended or did not listen in time; the message contains its output.
        """
        port = free_port()
        arguments = [part.format(port=port) for part in self.arguments]
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [*self.find_program(), *arguments],
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
                yield Endpoint(self, port, Trees.of(process.pid))
            finally:
                stop(process)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running peer."""

    peer: Peer
    port: int
    trees: Trees

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"


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


#: The options that all use of Granian has in common. `asginl` is ASGI without the lifespan protocol, which the official
#: application does not speak.
GRANIAN = (
    *("--interface", "asginl", "--http", "2", "--workers", "1", "--no-ws", "--loop", "uvloop"),
    *("--host", "127.0.0.1", "--log-level", "warning"),
)

#: The first one is compared with the others.
PEERS = (
    Peer("awaken", "awaken serve", "awaken", "awaken", ("serve", APP, "--bind", "127.0.0.1:{port}")),
    Peer("rust", "official Rust SDK, as its documentation serves it", "rust", RUST, ("{port}",)),
    Peer("rust-one-thread", "official Rust SDK on one thread", "rust", RUST, ("{port}", "one-thread")),
    Peer("go", "official Go SDK", "go", GO, ("{port}",)),
    Peer("node", "official TypeScript SDK on Node", "node", NODE, ("{port}",)),
    Peer("granian", "restate-sdk on Granian", "restate", "granian", (*GRANIAN, "--port", "{port}", APP)),
    Peer(
        "hypercorn",
        "restate-sdk on Hypercorn",
        "restate",
        "hypercorn",
        ("--workers", "1", "--worker-class", "uvloop", "--bind", "127.0.0.1:{port}", APP),
    ),
    Peer("awaken-granian", "awaken on Granian", "awaken", "granian", (*GRANIAN, "--port", "{port}", APP)),
    Peer(
        "awaken-h2",
        "awaken serve, with the h2 package as its HTTP/2 engine",
        "awaken",
        "awaken",
        ("serve", APP, "--bind", "127.0.0.1:{port}", "--http2-engine", "h2"),
    ),
    Peer(
        "awaken-metrics",
        "awaken serve, with numbers for Prometheus",
        "awaken",
        "awaken",
        ("serve", APP, "--bind", "127.0.0.1:{port}", "--metrics", "127.0.0.1:0"),
    ),
)
