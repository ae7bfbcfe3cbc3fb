"""The program of this folder under both SDKs, on both runtimes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.compat.serving import Serving
from tests.e2e.ingress import Client, InvocationFailed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.runtime import Runtime

APP = "tests.unchanged.agents.openai.program:app"


@dataclass(frozen=True, slots=True)
class Side:
    """One SDK on one runtime. Targets omit the prefix of its services."""

    prefix: str
    client: Client

    def send(self, target: str, argument: Any = ...) -> str:
        return self.client.send(self.prefix + target, argument)

    def outcome(self, invocation_id: str) -> Any:
        """Wait for the result of an invocation, or the text of its failure."""
        try:
            return self.client.attach(invocation_id)
        except InvocationFailed as failed:
            return failed.message

    def commands(self, invocation_id: str) -> list[tuple[str, str]]:
        """Return type and name of each command: what a replay compares."""
        rows = self.client.query(
            f"SELECT entry_type, name FROM sys_journal WHERE id = '{invocation_id}' ORDER BY index"
        )
        return [
            (row["entry_type"], row.get("name", ""))
            for row in rows
            if row["entry_type"].startswith("Command")
        ]


def serve(sdk: str, prefix: str, directory: Path, port: int | None = None) -> Serving:
    """Return a process that serves the program; it is not started."""
    return Serving(sdk, prefix, directory, APP, port)


def connect(runtime: Runtime, serving: Serving) -> Side:
    """Register an endpoint with a runtime."""
    client = Client(runtime.ingress_url, runtime.admin_url)
    client.register(serving.url, use_http_11=False)
    return Side(serving.prefix, client)
