"""One program of agents, under one SDK, on one runtime: what tests compare between such sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.e2e.ingress import Client, InvocationFailed

if TYPE_CHECKING:
    from tests.compat.serving import Serving
    from tests.e2e.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Side:
    """One SDK on one runtime. Targets omit the prefix of its services."""

    prefix: str
    client: Client

    def send(self, target: str, argument: Any = ...) -> str:
        return self.client.send(self.prefix + target, argument)

    def outcome(self, invocation_id: str) -> Any:
        """Wait for the result of an invocation, or code and message of its failure."""
        try:
            return self.client.attach(invocation_id)
        except InvocationFailed as failed:
            return [failed.code, failed.message]

    def entries(self, invocation_id: str) -> list[tuple[str, str]]:
        """Return type and name of each entry of its journal."""
        rows = self.client.query(
            f"SELECT entry_type, name FROM sys_journal WHERE id = '{invocation_id}' ORDER BY index"
        )
        return [(row["entry_type"], row.get("name", "")) for row in rows]

    def commands(self, invocation_id: str) -> list[tuple[str, str]]:
        """Return type and name of each command: what a replay compares."""
        return [entry for entry in self.entries(invocation_id) if entry[0].startswith("Command")]


def connect(runtime: Runtime, serving: Serving) -> Side:
    """Register an endpoint with a runtime."""
    client = Client(runtime.ingress_url, runtime.admin_url)
    client.register(serving.url, use_http_11=False)
    return Side(serving.prefix, client)
