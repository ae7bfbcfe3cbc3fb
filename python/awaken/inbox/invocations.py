"""The newest invocations, and what one of them did."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup
from starlette.responses import RedirectResponse
from starlette.routing import Route

from awaken.control import reads
from awaken.control.operations import STATUSES
from awaken.control.reads import target_of
from awaken.inbox.page_tools import FormError
from awaken.inbox.timeline import draw, rows_of, seconds_of
from awaken.timing.timestamps import read_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.inbox.page_tools import PageTools

__all__ = ["InvocationPages"]

#: Rows of a list, and awakeables of one invocation.
_LISTED: Final = 200
#: Entries in the picture of a journal: a page that people can read. A journal may have a hundred thousand.
_ENTRIES: Final = 500
#: Characters of text from outside in a line of a list.
_LONGEST_LINE: Final = 300
#: Characters of a failure.
_LONGEST_FAILURE: Final = 20_000
_FACTS: Final = ("status", "created_at", "modified_at", "retry_count", "completion_result")


class InvocationPages:
    """The list of invocations, and one of them with its journal."""

    def __init__(self, tools: PageTools) -> None:
        self._tools = tools

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            Route("/invocations", self._list),
            Route("/invocations/{id}", self._show, methods=["GET", "POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        tools = self._tools
        status = request.query_params.get("status", "")
        chosen = [status] if status in STATUSES else []
        rows = await reads.list_invocations(tools.operations, chosen, limit=_LISTED)
        return await tools.render(
            request,
            "invocations.html",
            section="invocations",
            topic="invocations",
            rows=[_row(one) for one in rows],
            chosen="".join(chosen),
            statuses=("running", "backing-off", "suspended"),
        )

    async def _show(self, request: Request) -> Response:
        """Show one invocation, or end it if the form says so."""
        tools, operations = self._tools, self._tools.operations
        invocation_id = request.path_params["id"]
        if request.method == "POST":
            form = await tools.read_form(request)
            ends = {"kill": operations.kill, "cancel": operations.cancel}
            end = ends.get(form.get("do", ""))
            if end is None:
                text = "The form says neither cancel nor kill. Open the page again."
                raise FormError(400, "This form cannot be read", text)
            await end(invocation_id)
            return RedirectResponse(request.url, 303)
        row = await reads.find_invocation(operations, invocation_id)
        journal = await reads.list_last_entries(operations, invocation_id, _ENTRIES)
        failed_at = await reads.list_failures(operations, invocation_id)
        failures = [seconds_of(timestamp) for timestamp in failed_at]
        waits = (await operations.awakeables(invocation_id=invocation_id, limit=_LISTED)).awakeables
        now = seconds_of(row["modified_at"]) if row["status"] == "completed" else time.time()
        failure = row.get("completion_failure") or row.get("last_failure") or ""
        return await tools.render(
            request,
            "invocation.html",
            section="invocations",
            topic="invocations",
            has_form=True,
            row=_row(row),
            facts={name.replace("_", " "): str(row[name]) for name in _FACTS if name in row},
            failure=str(failure)[:_LONGEST_FAILURE],
            pending=waits,
            timeline=Markup(draw(rows_of(journal), failures, now)),  # noqa: S704 -- escaped there
        )


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a page shows of a row of `sys_invocation`."""
    first_line = str(row.get("completion_failure") or row.get("last_failure") or "").partition("\n")[0]
    return {
        "id": row["id"],
        "target": _shorten(str(target_of(row))),
        "status": row["status"],
        "created_at_ms": read_time(row.get("created_at")),
        "failure": _shorten(first_line),
    }


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"
