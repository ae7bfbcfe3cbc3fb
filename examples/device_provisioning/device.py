"""A device for development: `python device.py`. It installs in a second, and reports that by itself.

With `--lazy`, it does not answer its first command, as if somebody had pulled the plug.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


class Device(ThreadingHTTPServer):
    """Installs whatever it is told.

    Args:
        port: 0 for one that is free.
        delay_s: seconds that an installation takes; None for a device that never reports.
    """

    def __init__(self, port: int, delay_s: float | None = 1) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.delay_s = delay_s
        self.commands: list[dict[str, Any]] = []
        self.installed: list[str] = []
        self.is_stopped = False
        #: How many of the next requests find no device.
        self.absences = 0
        #: How many of the next commands are not answered.
        self.lost = 0

    def install(self, command: dict[str, Any]) -> None:
        self.commands.append(command)
        if self.lost > 0:
            self.lost -= 1
        elif self.delay_s is not None:
            threading.Timer(self.delay_s, self.report, (command,)).start()

    def report(self, command: dict[str, Any]) -> None:
        """Install, and say so until somebody listens."""
        self.installed.append(command["version"])
        for _ in range(100):
            try:
                answer = httpx.post(command["answer_to"], json={"is_installed": True})
            except httpx.HTTPError:
                time.sleep(0.5)
            else:
                print(f"{command['version']} is installed, reported with {answer.status_code}", flush=True)
                return


class Handler(BaseHTTPRequestHandler):
    server: Device  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        status = 202
        if self.server.absences > 0:
            self.server.absences -= 1
            status = 503
        elif self.path == "/install":
            self.server.install(body)
        elif self.path == "/stop":
            self.server.is_stopped = True
        else:
            status = 404
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print no line for each request."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=7072)
    parser.add_argument("--lazy", action="store_true")
    options = parser.parse_args()
    device = Device(options.port)
    device.lost = int(options.lazy)
    print(f"device on {device.url}", flush=True)
    device.serve_forever()
