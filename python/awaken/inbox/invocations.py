"""The list of invocations, newest first, with filters in its URL."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from starlette.routing import Route

from awaken.control.reads import target_of
from awaken.control.sql import select
from awaken.inbox.invocation_filters import AGES, PAGE_SIZE, InvocationFilters
from awaken.inbox.listed_waits import AWAITED_COLUMN, find_listed_waits
from awaken.inbox.statuses import StatusView, view_status
from awaken.inbox.timeline.entries import read_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import Operations, Target
    from awaken.inbox.listed_waits import ListedWait
    from awaken.inbox.page_tools import PageTools

__all__ = ["InvocationPages", "InvocationRow", "read_row"]

#: Characters of a failure in a list; an endpoint may write megabytes of them.
_LONGEST_FAILURE: Final = 2_000
_COLUMNS: Final = (
    *("id", "target_service_name", "target_service_key", "target_handler_name", "status", "created_at"),
    *(
        "retry_count",
        "next_retry_at",
        "scheduled_start_at",
        "scheduled_at",
        "completion_result",
    ),
    *(f"substr({name}, 1, {_LONGEST_FAILURE}) AS {name}" for name in ("last_failure", "completion_failure")),
    AWAITED_COLUMN,
)
#: Statuses above the list.
_TABS: Final = (
    "",
    "running",
    "suspended",
    "backing-off",
    "paused",
    "pending",
    "scheduled",
    "completed",
    "failed",
)


@dataclass(frozen=True, slots=True)
class InvocationRow:
    """One line of the list. Times are UTC milliseconds."""

    id: str
    target: Target
    status: StatusView
    created_ms: int | None
    #: The number of the attempt that runs or failed last; 0 if there is none.
    attempt: int
    next_retry_ms: int | None
    starts_ms: int | None
    failure: str
    #: The question that it waits for.
    wait: ListedWait | None = None


class InvocationPages:
    """The list of invocations."""

    def __init__(self, tools: PageTools) -> None:
        self._tools = tools

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [Route("/invocations", self._list)]

    async def _list(self, request: Request) -> Response:
        filters = InvocationFilters.read(request.query_params)
        operations = self._tools.operations
        rows, services = await asyncio.gather(
            _find(operations, filters, self._tools.now_ms()), operations.services()
        )
        return await self._tools.render(
            request,
            "invocations.html",
            section="invocations",
            topic="invocations",
            filters=filters,
            rows=rows[:PAGE_SIZE],
            has_more=len(rows) > PAGE_SIZE,
            services=[one.name for one in services],
            tabs=[(status, view_status({"status": status}).word if status else "all") for status in _TABS],
            ages=[(name, words) for name, (words, _, _) in AGES.items()],
        )


async def _find(operations: Operations, filters: InvocationFilters, now_ms: int) -> list[InvocationRow]:
    """Return the rows of a page, and one more if there is another page."""
    rows = await operations.ask(
        select(
            _COLUMNS,
            "sys_invocation",
            filters.conditions(now_ms),
            order="created_at DESC, id",
            limit=PAGE_SIZE + 1,
            offset=filters.page * PAGE_SIZE,
        )
    )
    waits = await find_listed_waits(operations, rows)
    lines = [read_row(row) for row in rows]
    return [replace(one, wait=waits.get(one.id)) for one in lines]


def read_row(row: Mapping[str, Any]) -> InvocationRow:
    """Return a row of `sys_invocation` as a line of the list."""
    attempt = row.get("retry_count")
    return InvocationRow(
        str(row.get("id") or ""),
        target_of(row),
        view_status(row),
        read_ms(row.get("created_at")),
        attempt if isinstance(attempt, int) else 0,
        read_ms(row.get("next_retry_at")) if row.get("status") == "backing-off" else None,
        read_ms(row.get("scheduled_start_at")) if row.get("status") == "scheduled" else None,
        str(row.get("completion_failure") or row.get("last_failure") or ""),
    )
