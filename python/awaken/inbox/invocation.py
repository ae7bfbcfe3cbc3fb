"""One invocation: how it stands, what it waits for, what it did, its values, and what can be done with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import RedirectResponse
from starlette.routing import Route

from awaken.callbacks.question_view import AnswerView
from awaken.control.errors import ConflictError, NotFoundError
from awaken.control.reads import find_invocation, target_of
from awaken.control.sql import equal, quote_sql, select
from awaken.errors import InvalidIdError
from awaken.inbox.invocation_changes import CHANGES, changes_for, describe_done
from awaken.inbox.page_tools import FormError
from awaken.inbox.statuses import view_status
from awaken.inbox.timeline.attempts import read_attempts, read_awaited, waits_since
from awaken.inbox.timeline.entries import read_ms
from awaken.inbox.timeline.picture import draw
from awaken.inbox.timeline.reading import PART, is_sealed, read_part, read_value
from awaken.inbox.timeline.rows import RowState, Surroundings, build_rows
from awaken.inbox.timeline.values import LARGEST_SHOWN, Shown, ValueKind, value_of
from awaken.inbox.waits import describe_waits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import AwakeableView, Operations
    from awaken.inbox.page_tools import PageTools
    from awaken.inbox.timeline.picture import Picture
    from awaken.inbox.timeline.reading import JournalPart
    from awaken.inbox.timeline.rows import Row
    from awaken.inbox.values import Values

__all__ = ["OneInvocationPages"]

_COLUMNS: Final = (
    *(
        "id",
        "target_service_name",
        "target_service_key",
        "target_handler_name",
        "target_service_ty",
        "status",
    ),
    *("created_at", "modified_at", "running_at", "completed_at", "scheduled_at", "scheduled_start_at"),
    *("retry_count", "next_retry_at", "last_start_at", "completion_result", "journal_size"),
    *("invoked_by", "invoked_by_id", "invoked_by_target", "restarted_from", "idempotency_key"),
    *("pinned_deployment_id", "completion_retention", "last_attempt_server"),
    *("suspended_waiting_future_json", "last_awaiting_on_future_json"),
    *(f"substr({name}, 1, 20000) AS {name}" for name in ("last_failure", "completion_failure")),
)
#: Awakeables of one invocation that are asked for.
_AWAKEABLES: Final = 200
_SEALED: Final = (
    "It is encoded by the journal value codec of the application, which this process does not have; "
    "`--codec` names it."
)
#: Digits of the index of an entry: journals have a hundred thousand entries, not a billion.
_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class _Timeline:
    part: JournalPart
    picture: Picture
    #: Statuses of the invocations that it called, by id.
    children: Mapping[str, Mapping[str, Any]]
    #: Answers of approvals, by the index of their row.
    answers: Mapping[int | None, list[AnswerView]]


class OneInvocationPages:
    """The pages of one invocation."""

    def __init__(self, tools: PageTools, values: Values) -> None:
        self._tools = tools
        self._values = values

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            Route("/invocations/{id}", self._show),
            Route("/invocations/{id}/entries/{index}", self._value),
            Route("/invocations/{id}/{change}", self._change, methods=["GET", "POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        operations, invocation_id = self._tools.operations, request.path_params["id"]
        row = await find_invocation(operations, invocation_id, _COLUMNS)
        now_ms = self._tools.now_ms()
        timeline = await _timeline(
            operations, row, _first(request), now_ms, are_values_shown=self._values.are_shown
        )
        failure = str(row.get("completion_failure") or row.get("last_failure") or "")
        return await self._tools.render(
            request,
            "invocation.html",
            section="invocations",
            topic="invocations",
            row=row,
            target=target_of(row),
            view=view_status(row),
            times={name: read_ms(row.get(name)) for name in _COLUMNS if name.endswith("_at")},
            failure=failure or _last_error(timeline, row),
            waits=describe_waits(
                row,
                [line.row for line in timeline.picture.lines],
                timeline.part,
                now_ms,
                await _holder(operations, row) if row["status"] == "pending" else None,
            ),
            timeline=timeline,
            has_children=bool(timeline.children) or timeline.part.size > PART,
            states=RowState,
            changes=changes_for(row),
            done=describe_done(request.query_params.get("done", ""), row),
            shows_values=self._values.are_shown and not timeline.part.is_sealed,
        )

    async def _value(self, request: Request) -> Response:
        operations, invocation_id = self._tools.operations, request.path_params["id"]
        row = await find_invocation(operations, invocation_id, ("id", "target_service_name"))
        number = request.path_params["index"]
        # Not by the router, which fails at thousands of digits.
        index = int(number) if number.isascii() and number.isdigit() and len(number) <= _DIGITS else None
        entry = None
        if index is not None:
            entry = await read_value(operations, invocation_id, index, 2 * LARGEST_SHOWN)
        if entry is None:
            raise NotFoundError(f"the journal of {invocation_id} has no entry {number[:_DIGITS]}")
        value: bytes | Shown | None = None
        if await is_sealed(operations, invocation_id, row["target_service_name"]):
            value = Shown(ValueKind.EMPTY, note=_SEALED)
        elif "entry_json" in entry:
            found = value_of(entry["entry_json"])
            value = Shown(ValueKind.EMPTY, note="This entry has no value.") if found is None else found
        shown = await self._values.show(row["target_service_name"], value, int(entry.get("raw_length") or 0))
        return await self._tools.render(
            request, "value.html", section="invocations", row=row, entry=entry, shown=shown
        )

    async def _change(self, request: Request) -> Response:
        tools, invocation_id = self._tools, request.path_params["id"]
        change = CHANGES.get(request.path_params["change"])
        if change is None:
            raise NotFoundError(
                f"there is nothing called {request.path_params['change']!r} to do with an invocation"
            )
        row = await find_invocation(tools.operations, invocation_id, _COLUMNS)
        if request.method == "POST":
            form = await tools.read_form(request)
            if form.get("do") != change.name:
                raise FormError(
                    400, "This form cannot be read", "It does not say what to do. Open the page again."
                )
            done, shown = await change.make(tools.operations, invocation_id)
            path = "/invocations" if done == "purge" else f"/invocations/{shown}"
            return RedirectResponse(f"{tools.root(request)}{path}?done={done}", 303)
        if not change.is_possible(row):
            raise ConflictError(f"{change.label} is not possible: the invocation is {view_status(row).word}")
        return await tools.render(
            request,
            "change.html",
            section="invocations",
            has_form=True,
            row=row,
            target=target_of(row),
            view=view_status(row),
            change=change,
        )


async def _timeline(
    operations: Operations, row: Mapping[str, Any], first: int | None, now_ms: int, *, are_values_shown: bool
) -> _Timeline:
    invocation_id, status = row["id"], row["status"]
    size = int(row.get("journal_size") or 0)
    part, pending = await asyncio.gather(
        read_part(operations, invocation_id, row["target_service_name"], size, first),
        operations.awakeables(invocation_id=invocation_id, limit=_AWAKEABLES),
    )
    is_last = part.next is None
    ended_ms = (
        read_ms(row.get("completed_at")) or read_ms(row.get("modified_at")) if status == "completed" else None
    )
    around = Surroundings(
        ended_ms,
        _plain_awakeables(pending.awakeables) if is_last else {},
        waits_since(part.events),
        read_awaited(row.get("suspended_waiting_future_json") or row.get("last_awaiting_on_future_json")),
        part.values,
    )
    rows = build_rows(part.entries, part.later, around)
    started_ms = read_ms(row.get("running_at")) or read_ms(row.get("created_at")) or now_ms
    attempts = read_attempts(part.events, started_ms, ended_ms or now_ms, status)
    is_failing = status in {"backing-off", "paused"}
    picture = draw(rows, attempts, ended_ms or now_ms, is_failing=is_failing)
    ids = sorted({one.aim.invocation_id for one in rows if one.aim.invocation_id})
    answers = {one.index: _answers(one, are_shown=are_values_shown) for one in rows if one.answers}
    return _Timeline(part, picture, await _statuses(operations, ids), answers)


def _answers(row: Row, *, are_shown: bool) -> list[AnswerView]:
    approval = None if row.description is None else row.description.approval
    views = [AnswerView.of(one, approval) for one in row.answers]
    return views if are_shown else [replace(one, has_value=False, value=None, reason="") for one in views]


async def _holder(operations: Operations, row: Mapping[str, Any]) -> str | None:
    """Return the invocation that has the key of another one; None if that is over already."""
    key = {"service_name": row["target_service_name"], "service_key": row.get("target_service_key")}
    sql = select(("invocation_id",), "sys_keyed_service_status", equal(key), order="invocation_id", limit=1)
    return next((found.get("invocation_id") for found in await operations.ask(sql)), None)


def _plain_awakeables(pending: Sequence[AwakeableView]) -> dict[int, int | None]:
    """Return since when awakeables are awaited that no entry of the journal describes, by index."""
    found: dict[int, int | None] = {}
    for one in pending:
        try:
            found |= {one.index: one.since_ms} if one.name is None else {}
        except InvalidIdError:  # its row was damaged
            continue
    return found


async def _statuses(operations: Operations, ids: list[str]) -> dict[str, Mapping[str, Any]]:
    if not ids:
        return {}
    among = f"id IN ({', '.join(map(quote_sql, ids))})"
    columns = ("id", "status", "completion_result")
    return {
        row["id"]: row for row in await operations.ask(select(columns, "sys_invocation", [among], order="id"))
    }


def _last_error(timeline: _Timeline, row: Mapping[str, Any]) -> str:
    """Return what paused an invocation: the columns of failures are empty then."""
    if row["status"] != "paused":
        return ""
    return next((one.attempt.details for one in reversed(timeline.picture.bands) if one.attempt.details), "")


def _first(request: Request) -> int | None:
    given = request.query_params.get("from", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None
