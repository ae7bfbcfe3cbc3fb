"""A runtime's ingress and admin API, as the control plane calls them: requests, SQL questions, and errors by reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from awaken.control.errors import ControlError, Reason, reason_of_status

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RuntimeApi", "connect_runtime", "explain"]


#: For what has no deadline of its own: completions and questions. Calls wait as long as their caller does.
_REQUEST_SECONDS = 60.0


def connect_runtime(ingress: str, admin: str) -> RuntimeApi:
    """Return the API of a runtime at these URLs; it connects with the first request."""
    return RuntimeApi(
        httpx.AsyncClient(base_url=ingress, timeout=httpx.Timeout(None, connect=5.0), trust_env=False),
        httpx.AsyncClient(base_url=admin, timeout=_REQUEST_SECONDS, trust_env=False),
    )


class RuntimeApi:
    """One runtime.

    Args:
        ingress: a client whose base URL is the ingress.
        admin: a client whose base URL is the admin API.
    """

    def __init__(self, ingress: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
        self._ingress = ingress
        self._admin = admin

    async def close(self) -> None:
        """Close both clients."""
        await self._ingress.aclose()
        await self._admin.aclose()

    async def enter(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a request to the ingress and return its answer, whatever it says.

        Raises:
            ControlError: the ingress cannot be reached.
        """
        return await _send(self._ingress, "ingress", method, path, content=body, headers=dict(headers or {}))

    async def query(self, sql: str) -> list[dict[str, Any]]:
        """Ask the admin API in SQL. Columns without a value are absent from their row.

        Raises:
            ControlError: it cannot be reached, or has other columns than this version of the package knows.
        """
        headers = {"accept": "application/json"}
        answer = await _send(self._admin, "admin API", "POST", "/query", json={"query": sql}, headers=headers)
        if not answer.is_success:
            raise ControlError(
                Reason.INTERNAL,
                f"the admin API refused a question ({answer.status_code}: {explain(answer)}); this version of "
                "awaken knows the tables of Restate server 1.7 and of its own runtime",
            )
        rows = answer.json().get("rows")
        return list(rows) if isinstance(rows, list) else []

    async def change(self, invocation_id: str, operation: str) -> int:
        """Do something to an invocation, such as `cancel` or `kill`, and return the HTTP status.

        Raises:
            ControlError: the admin API cannot be reached, or says no.
        """
        answer = await _send(self._admin, "admin API", "PATCH", f"/invocations/{invocation_id}/{operation}")
        if not answer.is_success:
            raise ControlError(reason_of_status(answer.status_code), explain(answer))
        return answer.status_code


async def _send(
    client: httpx.AsyncClient, name: str, method: str, path: str, **arguments: Any
) -> httpx.Response:
    try:
        return await client.request(method, path, **arguments)
    except httpx.TimeoutException as error:
        raise ControlError(
            Reason.DEADLINE_EXCEEDED, f"the {name} at {client.base_url} gave no answer in time"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ControlError(
            Reason.UNAVAILABLE,
            f"the {name} at {client.base_url} cannot be reached: {error or type(error).__name__}",
        ) from error


def explain(answer: httpx.Response) -> str:
    """Return the message of an error answer."""
    try:
        facts: Any = answer.json()
    except ValueError:
        facts = None
    told = facts.get("message") if isinstance(facts, dict) else None
    return " ".join(str(told or answer.text or answer.reason_phrase).split())
