"""The embedded runtime, `awaken dev`: the application and everything durable in one process."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from examples.demo.stage import (
    APPLICATION,
    AWAKEN,
    EXAMPLES,
    PATIENCE_S,
    Log,
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
    import subprocess
    from contextlib import ExitStack
    from pathlib import Path

__all__ = ["EmbeddedEngine"]

#: The real server's setting, by its own name. The default is a minute, which is long to watch.
SETTINGS = {"RESTATE_WORKER__INVOKER__INACTIVITY_TIMEOUT": "1s"}


class EmbeddedEngine:
    """Everything in one process: after a kill, only a file is left."""

    def __init__(self, directory: Path, processes: ExitStack) -> None:
        ingress, admin, self._grpc = free_ports(3)
        self.ingress_url = f"http://127.0.0.1:{ingress}"
        self.admin_url = f"http://127.0.0.1:{admin}"
        self._outbox = directory / "outbox"
        self._data = directory / "data"
        self._log = Log(directory / "dev.log")
        self._processes = processes
        self._process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start the process."""
        say("Run examples/approval.py. This one process is all there is: no server, no container.")
        self._run()

    def kill(self) -> None:
        """Kill it."""
        say("Kill that process, without a warning. Nothing is running now; all that is left is a file.")
        run(["kill", "-9", str(self._process.pid)])
        expect("the exit of the process", self._process.wait(PATIENCE_S), -signal.SIGKILL)
        expect("an answer without a process", quiet_curl(f"{self.admin_url}/health"), None)
        run(["ls", str(self._data)])

    def start_again(self) -> None:
        """Start it again on the same data."""
        say("Start it again. The invocation still waits.")
        self._run()

    def stop(self) -> None:
        """Stop it with SIGTERM."""
        run(["kill", str(self._process.pid)])
        expect("the exit of the process", self._process.wait(PATIENCE_S), 0)

    def tell(self) -> None:
        """Show the output."""
        self._log.tell()

    def _run(self) -> None:
        command = [
            *("awaken", "dev", APPLICATION, "--data-dir", str(self._data)),
            *("--ingress", self.ingress_url.removeprefix("http://")),
            *("--admin", self.admin_url.removeprefix("http://")),
            *("--grpc", f"127.0.0.1:{self._grpc}"),
        ]
        show(["env", *(f"{name}={value}" for name, value in SETTINGS.items()), *command])
        settings = {**SETTINGS, "OUTBOX": str(self._outbox), "PYTHONUNBUFFERED": "1"}
        self._process = self._processes.enter_context(
            running([str(AWAKEN), *command[1:]], self._log.path, settings, cwd=EXAMPLES)
        )
        until(
            "the runtime answers",
            lambda: quiet_curl(f"{self.ingress_url}/restate/health"),
            unless_ended=self._process,
        )
