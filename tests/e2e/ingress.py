"""What callers and operators do, over the HTTP APIs of any runtime."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import httpx

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

ANSWER_TIMEOUT_S = 15
NOT_COMPLETED = 470


@dataclass
class InvocationFailed(Exception):
    """An error response: the invocation failed (source `invocation`) or the request did (`ingress`)."""

    code: int
    message: str
    source: str
    metadata: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"[{self.code}] {self.message} (from {self.source}, metadata {self.metadata})"


class Client:
    """Calls handlers, completes awakeables, queries and administers the runtime."""

    def __init__(self, ingress_url: str, admin_url: str) -> None:
        self.ingress = httpx.Client(base_url=ingress_url, timeout=ANSWER_TIMEOUT_S)
        self.admin = httpx.Client(
            base_url=admin_url, timeout=ANSWER_TIMEOUT_S, headers={"accept": "application/json"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ingress.close()
        self.admin.close()

    # ------------------------------------------------------------------ callers

    def call(self, target: str, argument: Any = ..., *, headers: Mapping[str, str] | None = None) -> Any:
        """Call `Service/handler` or `Object/key/handler` and return the decoded answer."""
        return _decode(self._post(f"/{quote(target)}", argument, headers))

    def send(
        self,
        target: str,
        argument: Any = ...,
        *,
        delay: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Start an invocation and return its id at once."""
        query = f"?delay={delay}" if delay else ""
        answer = _decode(self._post(f"/{quote(target)}/send{query}", argument, headers))
        return str(answer["invocationId"])

    def attach(self, invocation_id: str) -> Any:
        """Wait for the end of an invocation and return the decoded answer."""
        return _decode(self.ingress.get(f"/restate/invocation/{invocation_id}/attach"))

    def is_completed(self, invocation_id: str) -> bool:
        """Return whether an invocation has its result."""
        response = self.ingress.get(f"/restate/invocation/{invocation_id}/output")
        return response.status_code != NOT_COMPLETED

    def failure(self, invocation_id: str) -> InvocationFailed:
        """Wait for the end of an invocation that must fail, and return its failure."""
        try:
            answer = self.attach(invocation_id)
        except InvocationFailed as failed:
            return failed
        raise AssertionError(f"{invocation_id} did not fail, it answered {answer!r}")

    def resolve(self, awakeable_id: str, body: bytes = b"") -> httpx.Response:
        """Resolve an awakeable with exactly these bytes."""
        return self.ingress.post(f"/restate/awakeables/{awakeable_id}/resolve", content=body)

    def reject(self, awakeable_id: str, reason: str) -> httpx.Response:
        """Reject an awakeable."""
        return self.ingress.post(f"/restate/awakeables/{awakeable_id}/reject", content=reason.encode())

    # ------------------------------------------------------------------ operators

    def register(self, endpoint_url: str, *, use_http_11: bool) -> str:
        """Discover an endpoint and return the deployment's id; its services become the latest ones."""
        response = self.admin.post(
            "/deployments", json={"uri": endpoint_url, "use_http_11": use_http_11, "force": True}
        )
        if response.is_error:
            raise RuntimeError(f"registering {endpoint_url} gave {response.status_code}: {response.text}")
        return str(response.json()["id"])

    def remove(self, deployment_id: str) -> None:
        """Forget a deployment, so that its services are those of the one before it."""
        self.admin.delete(f"/deployments/{deployment_id}", params={"force": "true"}).raise_for_status()

    def move(self, deployment_id: str, endpoint_url: str) -> None:
        """Change the address of a deployment."""
        self.admin.patch(f"/deployments/{deployment_id}", json={"uri": endpoint_url}).raise_for_status()

    def cancel(self, invocation_id: str) -> None:
        """Ask an invocation to end."""
        self.admin.patch(f"/invocations/{invocation_id}/cancel").raise_for_status()

    def kill(self, invocation_id: str) -> None:
        """Kill an invocation."""
        self.admin.patch(f"/invocations/{invocation_id}/kill").raise_for_status()

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Query the introspection tables; NULL columns are missing in the rows."""
        response = self.admin.post("/query", json={"query": sql}, headers={"accept": "application/json"})
        if response.is_error:
            raise RuntimeError(f"query gave {response.status_code}: {response.text}\n{sql}")
        rows: list[dict[str, Any]] = response.json()["rows"]
        return rows

    def invocation(self, invocation_id: str) -> dict[str, Any]:
        """Return the row of an invocation; empty if it does not exist."""
        rows = self.query(
            "SELECT id, status, retry_count, last_failure, last_failure_error_code, "
            "pinned_service_protocol_version "
            f"FROM sys_invocation WHERE id = '{invocation_id}'"
        )
        return rows[0] if rows else {}

    def wait_for_status(self, invocation_id: str, statuses: Collection[str]) -> None:
        """Wait until an invocation has one of these statuses."""
        eventually(
            lambda: self.invocation(invocation_id),
            lambda row: row.get("status") in statuses,
            what=f"status {' or '.join(statuses)} of {invocation_id}",
        )

    def journal(self, invocation_id: str) -> list[str]:
        """Return the entry types of a journal, in order."""
        rows = self.query(
            f"SELECT entry_type, index FROM sys_journal WHERE id = '{invocation_id}' ORDER BY index"
        )
        return [row["entry_type"] for row in rows]

    def _post(self, path: str, argument: Any, headers: Mapping[str, str] | None) -> httpx.Response:
        # A handler without a parameter takes neither body nor content type.
        if argument is ...:
            return self.ingress.post(path, headers=headers)
        return self.ingress.post(path, json=argument, headers=headers)


def _decode(response: httpx.Response) -> Any:
    # Handlers may fail with any code, including codes that HTTP does not have.
    if not response.is_success or "x-restate-error-source" in response.headers:
        answer = response.json()
        raise InvocationFailed(
            answer["code"], answer["message"], answer.get("source", ""), answer.get("metadata") or {}
        )
    return response.json() if response.content else None
