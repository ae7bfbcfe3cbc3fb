"""The pages, as HTML. All text from outside is escaped here."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from awaken.callbacks.page import render_inputs, render_problems
from awaken.control.reads import target_of
from awaken.diagnostics.printable import escape_html
from awaken.timing.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from awaken.callbacks.forms import Field
    from awaken.control.answers import Problem
    from awaken.control.operations import AwakeableView, Target

__all__ = ["awakeable_page", "inbox_page", "invocation_page", "invocations_page", "message_page"]

#: Characters of a failure, and of other text from outside in a line of a list.
_LONGEST_FAILURE: Final = 20_000
_LONGEST_LINE: Final = 300
_FACTS: Final = ("status", "created_at", "modified_at", "retry_count", "completion_result")


def inbox_page(root: str, pending: Sequence[AwakeableView], *, is_part: bool) -> str:
    """Return the list of what is waiting for an answer."""
    rows = "".join(
        f'<tr><td><a href="{root}/awakeables/{quote(one.awakeable_id)}">{escape_html(one.title)}</a></td>'
        f"<td>{escape_html(_handler(one.target))}</td><td>{escape_html(_shorten(one.target.key or ''))}</td>"
        f"<td>{_labels(one.labels)}</td><td>{escape_html((one.type_name or '').rpartition(':')[2])}</td>"
        f'<td>{_time(_since(one))}</td><td><a href="{root}/invocations/{quote(one.invocation_id)}">'
        f"{escape_html(one.status)}</a></td></tr>"
        for one in pending
    )
    body = "<h1>Inbox</h1>" + (
        "<table><thead><tr><th>Asked</th><th>Handler</th><th>Key</th><th>Labels</th><th>Type</th><th>Since</th>"
        f"<th>Invocation</th></tr></thead><tbody>{rows}</tbody></table>"
        if rows
        else "<p>Nothing waits for an answer that the runtime knows of.</p>"
    )
    return _page(root, "Inbox", body, is_part=is_part)


def invocations_page(root: str, rows: Sequence[Mapping[str, Any]], status: str, *, is_part: bool) -> str:
    """Return the newest invocations."""
    lines = "".join(
        f'<tr><td><a href="{root}/invocations/{quote(row["id"])}"><code>{escape_html(row["id"])}</code></a></td>'
        f"<td>{escape_html(_target(row))}</td><td>{_status(row['status'])}</td>"
        f"<td>{_time(row.get('created_at'))}</td><td>{escape_html(_first_line(row))}</td></tr>"
        for row in rows
    )
    title = f"Invocations: {status}" if status else "Invocations"
    table = (
        "<table><thead><tr><th>Id</th><th>Target</th><th>Status</th><th>Created</th><th>What happened</th></tr></thead>"
        f"<tbody>{lines}</tbody></table>"
    )
    body = f"<h1>{escape_html(title)}</h1>" + (table if lines else "<p>No invocations.</p>")
    return _page(root, title, body, is_part=is_part)


def invocation_page(
    root: str,
    row: Mapping[str, Any],
    pending: Sequence[AwakeableView],
    timeline: str,
    token: str,
    *,
    is_part: bool,
) -> str:
    """Return one invocation: its facts, what it awaits, its journal as a picture, and buttons to end it."""
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
    return _page(root, _target(row), body, is_part=is_part)


def awakeable_page(
    root: str,
    one: AwakeableView,
    fields: Sequence[Field],
    token: str,
    *,
    filled: Mapping[str, str] | None = None,
    problems: Sequence[Problem] = (),
) -> str:
    """Return the form that answers an awakeable."""
    given = filled or {}
    hidden = f'<input type="hidden" name="form" value="{token}">'
    key = escape_html(_shorten(one.target.key or ""))
    body = f"""<h1>{escape_html(one.title)}</h1>
<p>{escape_html(_handler(one.target))} {key} waits for this since {_time(_since(one))}.
<a href="{root}/invocations/{quote(one.invocation_id)}">What it did so far</a></p>
<p>{_labels(one.labels)}</p>{render_problems(problems)}
<form method="post">{hidden}{render_inputs(fields, given)}<button name="do" value="resolve">Resolve</button></form>
<form method="post">{hidden}<label for="reason">Or reject, with a reason</label>
<input type="text" id="reason" name="reason" maxlength="1000" value="{escape(given.get("reason", ""))}">
<button name="do" value="reject">Reject</button></form>"""
    return _page(root, one.title, body, is_part=False, is_live=False)


def message_page(root: str, title: str, text: str) -> str:
    """Return a page with a message."""
    return _page(
        root, title, f"<h1>{escape_html(title)}</h1><p>{escape_html(text)}</p>", is_part=False, is_live=False
    )


def _page(root: str, title: str, body: str, *, is_part: bool, is_live: bool = True) -> str:
    if is_part:
        return body
    live = ' id="live"' if is_live else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape_html(title)} · awaken</title><link rel="stylesheet" href="{root}/static/inbox.css">'
        f'<script src="{root}/static/inbox.js" defer></script></head><body>'
        f'<nav><a href="{root}/">Inbox</a> <a href="{root}/invocations">Invocations</a> '
        f'<a href="{root}/invocations?status=running">running</a> '
        f'<a href="{root}/invocations?status=backing-off">backing off</a> '
        f'<a href="{root}/invocations?status=suspended">suspended</a></nav><main{live}>{body}</main></body></html>\n'
    )


def _handler(target: Target) -> str:
    return f"{target.service}/{target.handler}"


def _since(one: AwakeableView) -> str | None:
    return None if one.since_ms is None else format_time(one.since_ms)


def _target(row: Mapping[str, Any]) -> str:
    return _shorten(str(target_of(row)))


def _status(status: str) -> str:
    return f'<span class="status {escape_html(status)}">{escape_html(status)}</span>'


def _first_line(row: Mapping[str, Any]) -> str:
    line = str(row.get("completion_failure") or row.get("last_failure") or "").partition("\n")[0]
    return _shorten(line)


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST_LINE else f"{text[:_LONGEST_LINE]}…"


def _labels(labels: Mapping[str, str]) -> str:
    return " ".join(
        f'<span class="label">{escape_html(name)}: {escape_html(value)}</span>'
        for name, value in labels.items()
    )


def _time(timestamp: str | None) -> str:
    if timestamp is None:
        return ""
    moment = datetime.fromisoformat(timestamp).astimezone(UTC)
    return f'<time datetime="{escape_html(timestamp)}">{moment:%d %b %Y, %H:%M:%S} UTC</time>'
