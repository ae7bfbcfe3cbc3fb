"""`awaken invocations`: see what runs and waits, and intervene."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from awaken.cli.addresses import parse_url
from awaken.cli.failures import CommandError, explain_failures
from awaken.cli.settings import DEFAULT_ADMIN, AdminOption, JsonOutputOption

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["commands"]

commands = typer.Typer(no_args_is_help=True, help="List, show and change invocations.")

_STATUSES: Final = (
    *("scheduled", "pending", "ready", "running", "backing-off", "suspended", "paused", "completed"),
)
_LISTED: Final = (
    *("id", "target", "status", "created_at", "modified_at", "retry_count", "next_retry_at", "last_failure"),
    *("completion_result", "completion_failure"),
)
_SHOWN: Final = (
    *("id", "target", "target_service_ty", "status", "completion_result", "completion_failure"),
    *("invoked_by", "invoked_by_id", "invoked_by_target", "restarted_from", "idempotency_key"),
    *("created_at", "modified_at", "scheduled_at", "scheduled_start_at", "running_at", "completed_at"),
    *("pinned_deployment_id", "pinned_service_protocol_version", "last_attempt_deployment_id"),
    *("journal_size", "retry_count", "next_retry_at", "last_failure", "last_failure_error_code"),
    *("last_failure_related_entry_name", "last_failure_related_entry_type"),
    *("suspended_waiting_future_json", "last_awaiting_on_future_json"),
)

#: `index` is a word of SQL.
_JOURNAL: Final = ('"index"', "entry_type", "name", "raw_length", "entry_lite_json")

_EVENTS: Final = ("event_type", "event_json")

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The invocation's id.")]
IdsArgument = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of invocations.")]


@commands.command("list")
@explain_failures
def show_list(
    status: Annotated[
        list[str] | None,
        typer.Option(metavar="STATUS", help=f"Only these; may be repeated: {', '.join(_STATUSES)}."),
    ] = None,
    service: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this service.")] = None,
    handler: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this handler.")] = None,
    key: Annotated[str | None, typer.Option(metavar="KEY", help="Only of this key.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest ones.")] = 50,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """List invocations, newest first."""
    from awaken.cli.admin_client import Operator, select
    from awaken.cli.output import print_json, print_table, print_text

    conditions = _conditions(status or [], service, handler, key)
    sql = select(_LISTED, "sys_invocation", conditions, order="created_at DESC", limit=limit)
    with Operator(parse_url(admin, "an admin API")) as operator:
        rows = operator.query(sql)
    if json_output:
        print_json(rows)
    elif not rows:
        print_text("There are none.")
    else:
        print_table(
            ("Id", "Target", "Status", "Created", "Attempts", "What happened"),
            [_line(row) for row in rows],
            whole=("Id",),
        )


def _conditions(
    statuses: Sequence[str], service: str | None, handler: str | None, key: str | None
) -> list[str]:
    from awaken.cli.admin_client import quote_sql

    unknown = [status for status in statuses if status not in _STATUSES]
    if unknown:
        raise CommandError(f"there is no status {unknown[0]!r}; it is one of {', '.join(_STATUSES)}")
    conditions = []
    if statuses:
        conditions.append(f"status IN ({', '.join(map(quote_sql, statuses))})")
    columns = {"target_service_name": service, "target_handler_name": handler, "target_service_key": key}
    conditions += [f"{name} = {quote_sql(value)}" for name, value in columns.items() if value is not None]
    return conditions


def _line(row: Mapping[str, Any]) -> tuple[str, ...]:
    happened = row.get("completion_failure") or row.get("last_failure") or ""
    first_line = str(happened).strip().partition("\n")[0]
    attempts = row.get("retry_count")
    return (
        str(row["id"]),
        str(row.get("target", "")),
        str(row.get("status", "")),
        age(row.get("created_at")),
        "" if attempts is None else str(attempts),
        first_line or str(row.get("completion_result", "")),
    )


def age(timestamp: object) -> str:
    """Tell how long ago a timestamp of the admin API is, in its two largest units."""
    if not isinstance(timestamp, str):
        return ""
    seconds = max(0, int((datetime.now(UTC) - datetime.fromisoformat(timestamp)).total_seconds()))
    units = [
        (seconds // 86400, "d"),
        (seconds // 3600 % 24, "h"),
        (seconds // 60 % 60, "m"),
        (seconds % 60, "s"),
    ]
    while len(units) > 1 and not units[0][0]:
        units.pop(0)
    return " ".join(f"{count}{unit}" for count, unit in units[:2]) + " ago"


@commands.command("show")
@explain_failures
def show(
    invocation_id: IdArgument, admin: AdminOption = DEFAULT_ADMIN, json_output: JsonOutputOption = False
) -> None:
    """Show everything about one invocation, with its journal."""
    from awaken.cli.admin_client import Operator, check_invocation_id, quote_sql, select
    from awaken.cli.output import print_json, print_table, print_text

    conditions = [f"id = {quote_sql(check_invocation_id(invocation_id))}"]
    with Operator(parse_url(admin, "an admin API")) as operator:
        rows = operator.query(select(_SHOWN, "sys_invocation", conditions, order="id"))
        if not rows:
            raise CommandError(
                f"there is no invocation {invocation_id}; it may have completed and its retention be over"
            )
        journal = operator.query(select(_JOURNAL, "sys_journal", conditions, order='"index"'))
        if rows[0].get("status") == "paused":
            events = operator.query(select(_EVENTS, "sys_journal_events", conditions, order="appended_at"))
            rows[0].update(_last_failure(events))
    facts = {name: rows[0][name] for name in _SHOWN if name in rows[0]}
    if json_output:
        print_json(facts | {"journal": journal})
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        print_text(f"{name:<{width}}  {str(value).rstrip()}")
    if journal:
        print_table(
            ("Entry", "Type", "Name", "Bytes"),
            [
                tuple(str(entry.get(name, "")) for name in ("index", "entry_type", "name", "raw_length"))
                for entry in journal
            ],
        )


def _last_failure(events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what paused an invocation, as the column that is empty then. Operators pause without a failure, too."""
    found = [event for event in events if event.get("event_type") == "Paused"]
    failure = json.loads(found[-1]["event_json"]).get("last_failure") if found else None
    if not isinstance(failure, dict):
        return {}
    text, trace = str(failure.get("error_message", "")), str(failure.get("error_stacktrace") or "")
    if trace and trace not in text:
        text = f"{text}\n{trace}"
    has_code = re.match(r"\[\d{3}\b", text)  # the embedded runtime's text begins as the column does
    return {"last_failure": text if has_code else f"[{failure.get('error_code')}] {text}"}


def _change_all(
    ids: Sequence[str],
    operation: str,
    admin: str,
    *,
    json_output: bool,
    done: str,
    parameters: Mapping[str, str] | None = None,
    requested: str | None = None,
) -> None:
    """Do one thing to many invocations, tell each outcome, and fail if one failed."""
    from awaken.cli.admin_client import Operator, check_invocation_id
    from awaken.cli.output import print_json, print_text

    for invocation_id in ids:
        check_invocation_id(invocation_id)
    outcomes: list[dict[str, Any]] = []
    with Operator(parse_url(admin, "an admin API")) as operator:
        for invocation_id in ids:
            outcome: dict[str, Any] = {"id": invocation_id}
            try:
                response = operator.change(invocation_id, operation, parameters)
            except CommandError as error:
                if len(ids) == 1:
                    raise
                outcome["error"] = str(error)
            else:
                outcome["status"] = response.status_code
                if response.content:
                    outcome |= response.json()
            outcomes.append(outcome)
    if json_output:
        print_json(outcomes)
    for outcome in outcomes:
        if not json_output:
            word = requested if requested and outcome.get("status") == 202 else done
            print_text(f"{outcome['id']}: {outcome.get('error') or word.format(**outcome)}")
    failed = sum("error" in outcome for outcome in outcomes)
    if failed:
        raise CommandError(f"{failed} of {len(ids)} could not be done; see above")


def _add(
    name: str, operation: str, help_text: str, done: str, requested: str | None = None
) -> Callable[..., None]:
    @commands.command(name, help=help_text)
    @explain_failures
    def change(
        invocation_ids: IdsArgument,
        admin: AdminOption = DEFAULT_ADMIN,
        json_output: JsonOutputOption = False,
    ) -> None:
        _change_all(invocation_ids, operation, admin, json_output=json_output, done=done, requested=requested)

    return change


_add(
    "cancel",
    "cancel",
    "Ask invocations to stop: handlers get a terminal error at their next await, and may clean up.",
    done="cancelled",
    requested="asked to stop; the handler ends it",
)
_add("kill", "kill", "End invocations and what they called, without telling the handlers.", done="killed")
_add(
    "pause",
    "pause",
    "Stop running invocations until they are resumed.",
    done="paused",
    requested="asked to pause",
)


@commands.command("purge")
@explain_failures
def purge(
    invocation_ids: IdsArgument,
    journal: Annotated[bool, typer.Option("--journal", help="Only the journal; keep the result.")] = False,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """Forget completed invocations before their retention is over."""
    operation = "purge-journal" if journal else "purge"
    _change_all(invocation_ids, operation, admin, json_output=json_output, done="forgotten")


@commands.command("resume")
@explain_failures
def resume(
    invocation_ids: IdsArgument,
    deployment: Annotated[
        str | None,
        typer.Option(
            metavar="latest|keep|ID", help="Move it to this deployment, if it is paused or suspended."
        ),
    ] = None,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """Run paused invocations again, and those that back off at once."""
    parameters = {} if deployment is None else {"deployment": deployment}
    _change_all(
        invocation_ids, "resume", admin, json_output=json_output, done="resumed", parameters=parameters
    )


@commands.command("restart")
@explain_failures
def restart(
    invocation_id: IdArgument,
    keep: Annotated[
        int | None,
        typer.Option(
            "--from", metavar="INDEX", min=0, help="Keep the journal up to this entry; else only the input."
        ),
    ] = None,
    deployment: Annotated[
        str | None, typer.Option(metavar="latest|keep|ID", help="Run it on this deployment.")
    ] = None,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """Start a completed invocation again, as a new one with the same input."""
    chosen = {"from": None if keep is None else str(keep), "deployment": deployment}
    _change_all(
        [invocation_id],
        "restart-as-new",
        admin,
        json_output=json_output,
        done="restarted as {new_invocation_id}",
        parameters={name: value for name, value in chosen.items() if value is not None},
    )
