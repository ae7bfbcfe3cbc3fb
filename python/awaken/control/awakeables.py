"""Completing and looking at awakeables, in front of any runtime.

A Restate server answers 202 to every well-formed completion, applied or not. So the state is looked up before, and the
journal after: what is stored first is what the handler gets. Completions of one awakeable through one gateway go one by
one, so that of many callers exactly one is told that it won. Where the runtime tells the outcome itself, that is the
answer.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from awaken.client.awakeable_id import check_awakeable_id
from awaken.control.errors import ControlError, Reason, reason_of_status
from awaken.control.pending import (
    PENDING_COLUMNS,
    Pending,
    ask_for_callbacks,
    join_callbacks,
    pending_awakeables,
)
from awaken.control.runtime_api import explain
from awaken.control.sql import quote_sql, select
from awaken.errors import InvalidIdError
from awaken.outcomes import OUTCOME_HEADER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken._core import AwakeableId
    from awaken.control.runtime_api import RuntimeApi

__all__ = ["AwakeableState", "Awakeables", "Outcome", "Page", "Seen"]

#: A server applies a completion some milliseconds after it has answered.
_LOOKS: Final = 20
_PAUSE_SECONDS: Final = 0.05
_WAITING: Final = "status IN ('running', 'backing-off', 'suspended', 'paused')"
_NOT_STARTED: Final = frozenset(["scheduled", "pending"])


class Outcome(Enum):
    """What became of a completion that was not refused."""

    APPLIED = "applied"
    #: The runtime took it, and does not tell whether another one was first.
    ACCEPTED = "accepted"


class AwakeableState(Enum):
    """How an awakeable stands."""

    PENDING = "pending"
    COMPLETED = "completed"
    NOT_AWAITED = "not awaited"
    INVOCATION_COMPLETED = "invocation completed"


@dataclass(frozen=True, slots=True)
class Seen:
    """One awakeable, as far as it is known."""

    id: str
    invocation_id: str
    service: str
    handler: str
    key: str | None
    state: AwakeableState
    #: What is known besides, when it is waited for.
    pending: Pending | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some pending awakeables, and how many invocations were looked at for them and all pages before."""

    pending: tuple[Pending, ...]
    #: None when there are no more.
    next_offset: int | None


class Awakeables:
    """Awakeables of one runtime."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._locks: dict[str, _Lock] = {}

    async def resolve(self, awakeable_id: str, value: bytes) -> Outcome:
        """Give an awakeable its value.

        Raises:
            ControlError: the id is none, or the awakeable cannot be completed (any more).
        """
        return await self._complete(awakeable_id, "resolve", value, {"Success": list(value)})

    async def reject(self, awakeable_id: str, message: str, code: int = 500) -> Outcome:
        """Give an awakeable a failure with this message. A code other than 500 needs a runtime that carries it.

        Raises:
            ControlError: the id is none, the code cannot be carried, or the awakeable cannot be completed (any more).
        """
        if code != 500:
            raise ControlError(
                Reason.INVALID_ARGUMENT,
                f"code {code} cannot be carried: a runtime's interface gives every rejection code 500; leave it out",
            )
        return await self._complete(awakeable_id, "reject", message.encode(), {"Failure": message})

    async def get(self, awakeable_id: str) -> Seen:
        """Tell how an awakeable stands.

        Raises:
            ControlError: the id is none, or there is no such invocation.
        """
        parsed = _parse(awakeable_id)
        row = await self._invocation(parsed)
        waiting = await self._described(list(pending_awakeables(row)))
        found = next((one for one in waiting if one.index == parsed.index), None)
        if await self._stored(parsed) is not None:
            state = AwakeableState.COMPLETED
        elif row["status"] == "completed":
            state = AwakeableState.INVOCATION_COMPLETED
        else:
            state = AwakeableState.PENDING if found else AwakeableState.NOT_AWAITED
        return Seen(
            awakeable_id,
            parsed.invocation_id,
            row["target_service_name"],
            row["target_handler_name"],
            row.get("target_service_key"),
            state,
            found,
        )

    async def page(
        self, service: str | None = None, key: str | None = None, *, limit: int = 100, offset: int = 0
    ) -> Page:
        """List pending awakeables, those that wait longest first.

        Args:
            service: only of this service.
            key: only of this key.
            limit: how many awakeables at least before the page ends, if there are so many.
            offset: from the page before.
        """
        conditions = [_WAITING]
        columns = {"target_service_name": service, "target_service_key": key}
        conditions += [f"{name} = {quote_sql(value)}" for name, value in columns.items() if value is not None]
        found: list[Pending] = []
        while True:
            sql = select(
                PENDING_COLUMNS,
                "sys_invocation",
                conditions,
                order="modified_at, id",
                limit=limit,
                offset=offset,
            )
            rows = await self._api.query(sql)
            for row in rows:
                offset += 1
                found += pending_awakeables(row)
                if len(found) >= limit:
                    return Page(await self._described(found), offset)
            if len(rows) < limit:
                return Page(await self._described(found), None)

    async def of_invocation(self, invocation_id: str) -> tuple[Pending, ...]:
        """Return the awakeables that one invocation waits for. Raises ControlError."""
        conditions = [_WAITING, f"id = {quote_sql(invocation_id)}"]
        rows = await self._api.query(select(PENDING_COLUMNS, "sys_invocation", conditions, order="id"))
        return await self._described([found for row in rows for found in pending_awakeables(row)])

    async def _described(self, found: list[Pending]) -> tuple[Pending, ...]:
        if not found:
            return ()
        return tuple(join_callbacks(found, await self._api.query(ask_for_callbacks(found))))

    async def _complete(self, awakeable_id: str, how: str, body: bytes, stored: dict[str, Any]) -> Outcome:
        parsed = _parse(awakeable_id)
        async with self._alone(awakeable_id):
            await self._check_open(awakeable_id, parsed)
            answer = await self._api.enter(
                "POST",
                f"/restate/awakeables/{awakeable_id}/{how}",
                body,
                {"content-type": "application/json" if how == "resolve" else "text/plain"} if body else None,
            )
            if not answer.is_success:
                raise ControlError(reason_of_status(answer.status_code), explain(answer))
            told = answer.headers.get(OUTCOME_HEADER)
            if told is not None:
                return _told(awakeable_id, told)
            for _ in range(_LOOKS):
                first = await self._stored(parsed)
                if first is not None:
                    if first == stored:
                        return Outcome.APPLIED
                    raise _already(awakeable_id)
                await asyncio.sleep(_PAUSE_SECONDS)
        return Outcome.ACCEPTED

    async def _check_open(self, awakeable_id: str, parsed: AwakeableId) -> None:
        row = await self._invocation(parsed)
        if await self._stored(parsed) is not None:
            raise _already(awakeable_id)
        status = row["status"]
        if status == "completed":
            raise ControlError(
                Reason.FAILED_PRECONDITION,
                f"invocation {parsed.invocation_id} of {awakeable_id} is completed; nobody waits for it any more",
            )
        if status in _NOT_STARTED:
            raise ControlError(
                Reason.FAILED_PRECONDITION,
                f"invocation {parsed.invocation_id} of {awakeable_id} is {status} and has not started; a server would "
                "drop the result, so try again when the handler runs",
            )

    async def _invocation(self, parsed: AwakeableId) -> dict[str, Any]:
        condition = f"id = {quote_sql(parsed.invocation_id)}"
        rows = await self._api.query(select(PENDING_COLUMNS, "sys_invocation", [condition], order="id"))
        if not rows:
            raise ControlError(
                Reason.NOT_FOUND,
                f"there is no invocation {parsed.invocation_id}; it was never there, or its retention is over",
            )
        return rows[0]

    async def _stored(self, parsed: AwakeableId) -> dict[str, Any] | None:
        """Return the result that the journal has for an awakeable, the first one where there are several."""
        conditions = [f"id = {quote_sql(parsed.invocation_id)}", "entry_type = 'Notification: Signal'"]
        sql = select(('"index"', "entry_json"), "sys_journal", conditions, order='"index"')
        for row in await self._api.query(sql):
            signal = _find_signal(json.loads(row.get("entry_json") or "null"))
            if signal is not None and signal[0] == parsed.index:
                return signal[1]
        return None

    @asynccontextmanager
    async def _alone(self, awakeable_id: str) -> AsyncIterator[None]:
        entry = self._locks.setdefault(awakeable_id, _Lock())
        entry.users += 1
        try:
            async with entry.lock:
                yield
        finally:
            entry.users -= 1
            if not entry.users:
                del self._locks[awakeable_id]


class _Lock:
    """A lock, and how many hold it or wait for it."""

    __slots__ = ("lock", "users")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0


def _parse(awakeable_id: str) -> AwakeableId:
    try:
        parsed = check_awakeable_id(awakeable_id)
        _ = parsed.invocation_id  # by which the tables are asked
        return parsed
    except InvalidIdError as error:
        raise ControlError(Reason.INVALID_ARGUMENT, error.message) from error


def _already(awakeable_id: str) -> ControlError:
    return ControlError(Reason.ALREADY_EXISTS, f"{awakeable_id} has a result already; the first one counts")


def _told(awakeable_id: str, outcome: str) -> Outcome:
    if outcome == "applied":
        return Outcome.APPLIED
    if outcome == "already-completed":
        raise _already(awakeable_id)
    reason = Reason.NOT_FOUND if outcome == "unknown" else Reason.FAILED_PRECONDITION
    raise ControlError(reason, f"the runtime did not apply the result of {awakeable_id}: {outcome}")


def _find_signal(entry: Any) -> tuple[int, dict[str, Any]] | None:
    """Return index and result of a signal entry, the result as `{"Success": [bytes]}` or `{"Failure": message}`."""
    if not isinstance(entry, dict):
        return None
    signal = entry.get("Notification", {}).get("Signal")
    if not isinstance(signal, dict):
        return None
    index = signal.get("id", {}).get("Index", signal.get("id", {}).get("SignalIndex"))
    return (index, _read_result(signal.get("result"))) if isinstance(index, int) else None


def _read_result(result: Any) -> dict[str, Any]:
    if isinstance(result, dict) and "Failure" in result:
        failure = result["Failure"]
        return {"Failure": failure.get("message") if isinstance(failure, dict) else failure}
    if isinstance(result, dict) and "Success" in result:
        return {"Success": result["Success"]}
    return {"Success": []}
