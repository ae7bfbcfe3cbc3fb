"""The real Restate server as a runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from scripts.install_tools import install_server
from tests.e2e.processes import Process, free_port
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START_TIMEOUT_S = 40
STOP_TIMEOUT_S = 25

#: One small node. Four partitions are enough to test routing between them; more would only cost memory.
BASE_SETTINGS = {
    "RESTATE_LISTEN_MODE": "tcp",
    "RESTATE_BIND_IP": "127.0.0.1",
    "RESTATE_DEFAULT_NUM_PARTITIONS": "4",
    "RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE": "192 MiB",
    "RESTATE_WORKER__INVOKER__MEMORY_LIMIT": "512 MiB",
    "RESTATE_DISABLE_TELEMETRY": "true",
    "RESTATE_LOG_FORMAT": "compact",
    "RESTATE_LOG_DISABLE_ANSI_CODES": "true",
    "RESTATE_LOG_FILTER": "warn",
}


class RestateServer:
    """A `restate-server` process with its own ports and directory."""

    def __init__(self, directory: Path, settings: Mapping[str, str]) -> None:
        ingress, admin, node = free_port(), free_port(), free_port()
        self.ingress_url = f"http://127.0.0.1:{ingress}"
        self.admin_url = f"http://127.0.0.1:{admin}"
        self._temporary = directory / "temporary"  # the server stores large values here
        self._process = Process(
            [str(install_server()), "--no-logo"],
            log=directory / "server.log",
            cwd=directory,
            env={
                **BASE_SETTINGS,
                "TMPDIR": str(self._temporary),
                "RESTATE_BASE_DIR": str(directory / "data"),
                "RESTATE_BIND_PORT": str(node),
                "RESTATE_INGRESS__BIND_PORT": str(ingress),
                "RESTATE_ADMIN__BIND_PORT": str(admin),
                **settings,
            },
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return self._process.log

    def start(self) -> None:
        self._temporary.mkdir(exist_ok=True)
        self._process.start()
        eventually(self._is_ready, within=START_TIMEOUT_S, what=f"the server's readiness ({self.admin_url})")

    def stop(self) -> None:
        self._process.stop(within=STOP_TIMEOUT_S)

    def kill(self) -> None:
        self._process.kill()

    def _is_ready(self) -> bool:
        if not self._process.is_alive():
            raise RuntimeError(f"the server ended while starting:\n{self.log[-4000:]}")
        try:
            # The health route shows only that the API responds; a query also needs every partition.
            return all(
                response.status_code == httpx.codes.OK
                for response in (
                    httpx.get(f"{self.ingress_url}/restate/health"),
                    httpx.get(f"{self.admin_url}/health"),
                    httpx.post(
                        f"{self.admin_url}/query",
                        json={"query": "SELECT count(1) AS n FROM sys_invocation"},
                        headers={"accept": "application/json"},
                    ),
                )
            )
        except httpx.TransportError:
            return False
