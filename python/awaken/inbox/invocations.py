"""The newest invocations, and what one of them did."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from starlette.responses import RedirectResponse
from starlette.routing import Route

from awaken.control import reads
from awaken.control.operations import STATUSES
from awaken.control.reads import target_of
from awaken.diagnostics.printable import escape_html
from awaken.inbox.layout import moment, page, shorten
from awaken.inbox.page_tools import FormError
from awaken.inbox.timeline import draw, rows_of, seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import AwakeableView
    from awaken.inbox.page_tools import PageTools

__all__ = ["InvocationPages"]

#: Rows of a list, and awakeables of one invocation.
_LISTED: Final = 200
#: Entries in the picture of a journal: a page that people can read. A journal may have a hundred thousand.
_ENTRIES: Final = 500
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
        text = _list_page(tools.root(request), rows, "".join(chosen), is_part=tools.is_part(request))
        return tools.respond(text)

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
        proof = tools.proof(request)
        text = _page(
            tools.root(request),
            row,
            waits,
            draw(rows_of(journal), failures, now),
            proof.token,
            is_part=tools.is_part(request),
        )
        return tools.remember(tools.respond(text), proof, request)


def _list_page(root: str, rows: Sequence[Mapping[str, Any]], status: str, *, is_part: bool) -> str:
    lines = "".join(
        f'<tr><td><a href="{root}/invocations/{quote(row["id"])}"><code>{escape_html(row["id"])}</code></a></td>'
        f"<td>{escape_html(_target(row))}</td><td>{_status(row['status'])}</td>"
        f"<td>{moment(row.get('created_at'))}</td><td>{escape_html(_first_line(row))}</td></tr>"
        for row in rows
    )
    title = f"Invocations: {status}" if status else "Invocations"
    table = (
        "<table><thead><tr><th>Id</th><th>Target</th><th>Status</th><th>Created</th><th>What happened</th></tr></thead>"
        f"<tbody>{lines}</tbody></table>"
    )
    body = f"<h1>{escape_html(title)}</h1>" + (table if lines else "<p>No invocations.</p>")
    return page(root, title, body, is_part=is_part)


def _page(
    root: str,
    row: Mapping[str, Any],
    pending: Sequence[AwakeableView],
    timeline: str,
    token: str,
    *,
    is_part: bool,
) -> str:
    facts = "".join(
        f"<dt>{name.replace('_', ' ')}</dt><dd>{escape_html(str(row[name]))}</dd>"
        for name in _FACTS
        if name in row
    )
    waits = "".join(
        f'<li><a href="{root}/awakeables/{quote(one.awakeable_id)}">{escape_html(one.title)}</a></li>'
        for one in pending
    )
    failure = row.get("completion_failure") or row.get("last_failure")
    shown = f"<pre>{escape_html(str(failure)[:_LONGEST_FAILURE])}</pre>" if failure else ""
    end = (
        ""
        if row["status"] == "completed"
        else f'<form method="post"><input type="hidden" name="form" value="{token}">'
        '<button name="do" value="cancel">Cancel</button> <button name="do" value="kill">Kill</button></form>'
    )
    body = (
        f"<h1>{escape_html(_target(row))}</h1><p><code>{row['id']}</code></p><dl>{facts}</dl>{shown}"
        + (f"<h2>Waits for</h2><ul>{waits}</ul>" if waits else "")
        + f"<h2>Journal</h2>{timeline}{end}"
    )
    return page(root, _target(row), body, is_part=is_part)


def _target(row: Mapping[str, Any]) -> str:
    return shorten(str(target_of(row)))


def _status(status: str) -> str:
    return f'<span class="status {escape_html(status)}">{escape_html(status)}</span>'


def _first_line(row: Mapping[str, Any]) -> str:
    line = str(row.get("completion_failure") or row.get("last_failure") or "").partition("\n")[0]
    return shorten(line)
