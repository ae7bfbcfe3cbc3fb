"""The admin API, as the commands for operators use it: SQL questions, and operations on one invocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from awaken.cli.failures import CommandError
from awaken.control.sql import quote_sql, select

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

__all__ = ["Operator", "check_invocation_id", "quote_sql", "select"]

_REQUEST_SECONDS = 60.0


class Operator:
    """One conversation with an admin API.

    Args:
        admin: its URL.
    """

    def __init__(self, admin: str) -> None:
        import httpx

        self._admin = admin
        self._client = httpx.Client(base_url=admin, timeout=_REQUEST_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Ask a question in SQL. Columns without a value are absent from their row.

        Raises:
            CommandError: the runtime is not there, or refused.
        """
        headers = {"accept": "application/json"}
        response = self._request("POST", "/query", json={"query": sql}, headers=headers)
        self._check(response, "refused a question")
        answer = response.json()
        if not isinstance(answer, dict) or not isinstance(answer.get("rows"), list):
            raise self._stranger()
        return list(answer["rows"])

    def change(
        self, invocation_id: str, operation: str, parameters: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Do something to an invocation, such as `cancel` or `kill`.

        Raises:
            CommandError: the runtime is not there, knows no such invocation, or its state does not allow it.
        """
        path = f"/invocations/{invocation_id}/{operation}"
        response = self._request("PATCH", path, params=dict(parameters or {}))
        self._check(response, f"refused to {operation} {invocation_id}")
        return response

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        import httpx

        try:
            return self._client.request(method, path, **arguments)
        except httpx.ConnectError as error:
            raise CommandError(
                f"nothing answers at {self._admin} ({error}); start the runtime, or name its admin API with "
                "--admin or AWAKEN_ADMIN"
            ) from error
        except httpx.HTTPError as error:
            raise CommandError(
                f"the admin API at {self._admin} gave no answer: {error or type(error).__name__}"
            ) from error

    def _check(self, response: httpx.Response, what: str) -> None:
        if response.is_success:
            return
        try:
            answer = response.json()
        except ValueError:
            answer = None
        told = answer.get("message") if isinstance(answer, dict) else None
        if told is None and response.status_code in (404, 405):
            raise self._stranger()
        reason = " ".join(str(told or response.text or response.reason_phrase).split())
        raise CommandError(f"{self._admin} {what} with status {response.status_code}: {reason}")

    def _stranger(self) -> CommandError:
        return CommandError(
            f"{self._admin} answered, but not as an admin API does; is this the ingress? Name it with --admin"
        )


def check_invocation_id(text: str) -> str:
    """Return the id, or refuse what is none before it is sent.

    Raises:
        CommandError: it is malformed.
    """
    from awaken import _core
    from awaken.errors import InvalidIdError

    try:
        _core.parse_invocation_id(text)
    except InvalidIdError as error:
        raise CommandError(
            f"{text!r} is not an invocation id ({error}); it begins with inv_1 and is 38 characters long: "
            "copy it whole, from an answer's x-restate-id or from `awaken invocations list`"
        ) from error
    return text
