"""Starting, looking at and ending invocations, in front of any runtime."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from awaken import _core
from awaken.control.errors import ControlError, Reason, reason_of_status
from awaken.control.runtime_api import explain
from awaken.control.sql import quote_sql, select
from awaken.errors import InvalidIdError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    from awaken.control.runtime_api import RuntimeApi

__all__ = ["STATUSES", "Invocations", "Request", "Result"]

#: Statuses of an invocation, as `sys_invocation` has them.
STATUSES: Final = (
    *("scheduled", "pending", "ready", "running", "backing-off", "suspended", "paused", "completed"),
)
_COLUMNS: Final = (
    *("id", "target_service_name", "target_service_key", "target_handler_name", "status", "created_at"),
    *("modified_at", "retry_count", "last_failure", "completion_result", "completion_failure"),
)
_ENTRY_COLUMNS: Final = ('"index"', "entry_type", "name", "appended_at")
_NOT_FOUND: Final = 404
_ACCEPTED: Final = 202


@dataclass(frozen=True, slots=True)
class Request:
    """A call or a send."""

    service: str
    handler: str
    key: str | None = None
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How an invocation ended: a value, or a failure."""

    invocation_id: str
    value: bytes = b""
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The terminal error that an invocation ended with."""

    code: int
    message: str
    metadata: Mapping[str, str]


class Invocations:
    """Invocations of one runtime."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api

    async def invoke(self, request: Request) -> Result:
        """Call a handler and wait for its result. Raises ControlError."""
        return _result(await self._start(request, ""))

    async def send(self, request: Request, delay_ms: int | None = None) -> tuple[str, bool]:
        """Start a handler; give the invocation's id, and whether it is a new one. Raises ControlError."""
        suffix = "/send" if delay_ms is None else f"/send?delay={delay_ms}ms"
        answer = await self._start(request, suffix)
        if not answer.is_success:
            raise _refused(answer)
        accepted = answer.json()
        return accepted["invocationId"], accepted.get("status") != "PreviouslyAccepted"

    async def attach(self, invocation_id: str) -> Result:
        """Wait for the result of an invocation. Raises ControlError."""
        _check_id(invocation_id)
        answer = await self._api.enter("GET", f"/restate/invocation/{invocation_id}/attach")
        return _result(answer, invocation_id, is_known_by_id=True)

    async def output(self, invocation_id: str) -> Result:
        """Return the result of a completed invocation. Raises ControlError."""
        _check_id(invocation_id)
        answer = await self._api.enter("GET", f"/restate/invocation/{invocation_id}/output")
        return _result(answer, invocation_id, is_known_by_id=True)

    async def cancel(self, invocation_id: str) -> bool:
        """Ask a handler to stop; tell whether it is stopped already. Raises ControlError."""
        return await self._change(invocation_id, "cancel")

    async def kill(self, invocation_id: str) -> bool:
        """End an invocation at once; tell whether it is over already. Raises ControlError."""
        return await self._change(invocation_id, "kill")

    async def get(self, invocation_id: str) -> dict[str, Any]:
        """Look at one invocation: its row of `sys_invocation` without NULLs. Raises ControlError."""
        _check_id(invocation_id)
        rows = await self._api.query(select(_COLUMNS, "sys_invocation", [_is(invocation_id)], order="id"))
        if not rows:
            raise ControlError(
                Reason.NOT_FOUND, f"there is no invocation {invocation_id}; its retention may be over"
            )
        return rows[0]

    async def page(
        self,
        statuses: Sequence[str] = (),
        service: str | None = None,
        handler: str | None = None,
        key: str | None = None,
        *,
        limit: int = 100,
        offset: int = 0,
    ) -> list[dict[str, Any]]:
        """List invocations, newest first. Raises ControlError for a status that there is not."""
        unknown = [status for status in statuses if status not in STATUSES]
        if unknown:
            raise ControlError(
                Reason.INVALID_ARGUMENT,
                f"there is no status {unknown[0]!r}; it is one of {', '.join(STATUSES)}",
            )
        conditions = [f"status IN ({', '.join(map(quote_sql, statuses))})"] if statuses else []
        columns = {
            "target_service_name": service,
            "target_handler_name": handler,
            "target_service_key": key,
        }
        conditions += [f"{name} = {quote_sql(value)}" for name, value in columns.items() if value is not None]
        order = "created_at DESC, id"
        return await self._api.query(
            select(_COLUMNS, "sys_invocation", conditions, order=order, limit=limit, offset=offset)
        )

    async def entries(self, invocation_id: str, first: int) -> list[dict[str, Any]]:
        """Return the journal from an index on. Raises ControlError."""
        conditions = [_is(invocation_id), f'"index" >= {first}']
        return await self._api.query(select(_ENTRY_COLUMNS, "sys_journal", conditions, order='"index"'))

    async def journal(self, invocation_id: str) -> list[dict[str, Any]]:
        """Return the whole journal, with contents. Raises ControlError."""
        columns = (*_ENTRY_COLUMNS, "entry_json")
        return await self._api.query(select(columns, "sys_journal", [_is(invocation_id)], order='"index"'))

    async def failures(self, invocation_id: str) -> list[str]:
        """Return when attempts are known to have failed, as timestamps. Raises ControlError."""
        conditions = [_is(invocation_id), "event_type = 'TransientError'"]
        sql = select(("appended_at",), "sys_journal_events", conditions, order="appended_at")
        return [row["appended_at"] for row in await self._api.query(sql)]

    async def _change(self, invocation_id: str, operation: str) -> bool:
        _check_id(invocation_id)
        return await self._api.change(invocation_id, operation) != _ACCEPTED

    async def _start(self, request: Request, suffix: str) -> httpx.Response:
        names = {"service": request.service, "handler": request.handler}
        for what, name in names.items():
            if not name or quote(name, safe="") != name:
                raise ControlError(Reason.INVALID_ARGUMENT, f"{name!r} is not the name of a {what}")
        key = "" if request.key is None else f"/{quote(request.key, safe='')}"
        headers = dict(request.headers)
        if request.body or request.content_type:
            headers["content-type"] = request.content_type or "application/json"
        if request.idempotency_key is not None:
            headers["idempotency-key"] = request.idempotency_key
        path = f"/{request.service}{key}/{request.handler}{suffix}"
        return await self._api.enter("POST", path, request.body, headers)


def _result(answer: httpx.Response, invocation_id: str = "", *, is_known_by_id: bool = False) -> Result:
    invocation_id = invocation_id or answer.headers.get("x-restate-id", "")
    source = answer.headers.get("x-restate-error-source")
    if source is None and answer.is_success:
        return Result(invocation_id, answer.content)
    # 404 may also be the failure of the invocation; that one says more than this.
    is_missing = source != "invocation" or explain(answer) == "not found"
    if is_known_by_id and answer.status_code == _NOT_FOUND and is_missing:
        raise ControlError(
            Reason.NOT_FOUND, f"there is no invocation {invocation_id}; its retention may be over"
        )
    if source == "invocation":
        failure = _failure(answer)
        if failure.code == 409 and failure.message == "the workflow method was already invoked":
            raise ControlError(Reason.ALREADY_EXISTS, f"{failure.message}: {invocation_id}")
        return Result(invocation_id, failure=failure)
    raise _refused(answer)


def _failure(answer: httpx.Response) -> Failure:
    try:
        facts: Any = answer.json()
    except ValueError:
        facts = {}
    code = facts.get("code")
    return Failure(
        code if isinstance(code, int) else answer.status_code,
        str(facts.get("message", answer.text)),
        {str(name): str(value) for name, value in (facts.get("metadata") or {}).items()},
    )


def _refused(answer: httpx.Response) -> ControlError:
    return ControlError(reason_of_status(answer.status_code), explain(answer))


def _check_id(invocation_id: str) -> None:
    try:
        _core.parse_invocation_id(invocation_id)
    except InvalidIdError as error:
        raise ControlError(
            Reason.INVALID_ARGUMENT, f"{invocation_id!r} is not an invocation id: {error}"
        ) from error


def _is(invocation_id: str) -> str:
    return f"id = {quote_sql(invocation_id)}"
