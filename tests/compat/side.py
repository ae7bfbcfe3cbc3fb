"""A client of the handlers under one SDK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from tests.compat.serving import Serving
    from tests.e2e.ingress import Client, InvocationFailed


@dataclass(frozen=True, slots=True)
class Side:
    """Calls the services of one process; targets omit its prefix."""

    serving: Serving
    client: Client

    def call(self, target: str, argument: Any = ..., *, headers: Mapping[str, str] | None = None) -> Any:
        return self.client.call(self.serving.prefix + target, argument, headers=headers)

    def send(self, target: str, argument: Any = ...) -> str:
        return self.client.send(self.serving.prefix + target, argument)

    def attach(self, invocation_id: str) -> Any:
        return self.client.attach(invocation_id)

    def failure(self, target: str, argument: Any = ...) -> InvocationFailed:
        """Call a handler that must fail, and return its failure."""
        return self.client.failure(self.send(target, argument))

    def post(self, target: str, body: bytes, content_type: str) -> httpx.Response:
        """Call a handler with exactly these bytes."""
        headers = {"content-type": content_type} if body else {}
        return self.client.ingress.post(f"/{self.serving.prefix}{target}", content=body, headers=headers)

    def journal(self, invocation_id: str) -> list[dict[str, Any]]:
        """Return entries with type, name and the raw bytes as hex."""
        return self.client.query(
            "SELECT index, entry_type, name, raw, entry_json FROM sys_journal "
            f"WHERE id = '{invocation_id}' ORDER BY index"
        )
