"""The real Restate server from npm, and beside it the process that serves the handlers, `awaken serve`."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from examples.demo.stage import (
    APPLICATION,
    AWAKEN,
    EXAMPLES,
    PATIENCE_S,
    expect,
    free_ports,
    quiet_curl,
    run,
    running,
    say,
    show,
    until,
)

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

__all__ = ["ServerEngine"]

INSTALLER = EXAMPLES.parent / "scripts" / "install_tools.py"


class ServerEngine:
    """A server that stores everything durable, and an endpoint that may die at any time."""

    def __init__(self, directory: Path, processes: ExitStack) -> None:
        self._ports = free_ports(4)
        ingress, admin, self._port, _ = self._ports
        self.ingress_url = f"http://127.0.0.1:{ingress}"
        self.admin_url = f"http://127.0.0.1:{admin}"
        self._directory = directory
        self._processes = processes
        self._endpoint: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start the server and the endpoint, and register the endpoint."""
        say("Start a Restate server. (The first time, npm downloads it; that may take a minute.)")
        self._start_server()
        say("Serve examples/approval.py, and tell the server where it is.")
        self._serve()
        run(["awaken", "register", f"http://127.0.0.1:{self._port}", "--admin", self.admin_url])

    def kill(self) -> None:
        """Kill the endpoint."""
        say("Kill the process that served it, without a warning. The invocation waits; no process serves it.")
        run(["kill", "-9", str(self._endpoint.pid)])
        expect("the exit of the endpoint", self._endpoint.wait(PATIENCE_S), -signal.SIGKILL)

    def start_again(self) -> None:
        """Start another endpoint in its place."""
        say("Start a new process. It knows nothing of the old one, and the invocation still waits.")
        self._serve()

    def stop(self) -> None:
        """Stop the endpoint with SIGTERM."""
        run(["kill", str(self._endpoint.pid)])
        expect("the exit of the endpoint", self._endpoint.wait(PATIENCE_S), 0)

    def tell(self) -> None:
        """Show nothing, because a server logs a lot."""

    def _start_server(self) -> None:
        ingress, admin, _, node = self._ports
        installed = subprocess.run([sys.executable, INSTALLER], check=True, stdout=subprocess.PIPE, text=True)
        settings = {
            "RESTATE_LISTEN_MODE": "tcp",
            "RESTATE_BIND_IP": "127.0.0.1",
            "RESTATE_BIND_PORT": str(node),
            "RESTATE_INGRESS__BIND_PORT": str(ingress),
            "RESTATE_ADMIN__BIND_PORT": str(admin),
            "RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE": "192 MiB",
            "RESTATE_DISABLE_TELEMETRY": "true",
            # The default is a minute, which is long to watch.
            "RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "1s",
        }
        show(["env", *(f"{name}={value}" for name, value in settings.items()), "restate-server"])
        command = [installed.stdout.strip(), "--base-dir", str(self._directory / "data")]
        settings["TMPDIR"] = str(
            self._directory
        )  # removed with the demo's folder, including files that the server leaves
        server = self._processes.enter_context(running(command, self._directory / "server.log", settings))
        health = f"{self.admin_url}/health", f"{self.ingress_url}/restate/health"
        until("the server answers", lambda: all(map(quiet_curl, health)), unless_ended=server)

    def _serve(self) -> None:
        command = ["awaken", "serve", APPLICATION, "--bind", f"127.0.0.1:{self._port}"]
        show(command)
        self._endpoint = self._processes.enter_context(
            running(
                [str(AWAKEN), *command[1:]],
                self._directory / "endpoint.log",
                {"OUTBOX": str(self._directory / "outbox")},
                cwd=EXAMPLES,
            )
        )
        until("the endpoint listens", self._is_listening, unless_ended=self._endpoint)

    def _is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0
