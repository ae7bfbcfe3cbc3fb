"""`awaken invocations`: list, show and change invocations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from awaken.cli.addresses import parse_urls
from awaken.cli.ages import age
from awaken.cli.failures import CommandError, explain_failures
from awaken.cli.settings import DEFAULT_ADMIN, AdminOption, JsonOutputOption
from awaken.control.operations import STATUSES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from awaken.control.invocation_details import InvocationDetails
    from awaken.control.operations import Change
    from awaken.control.remote import RemoteOperations

    #: Changes one invocation; returns whether the change is done, or what else is to be told of one that is.
    Operation = Callable[[RemoteOperations, str], Awaitable[Change | Mapping[str, str]]]

__all__ = ["commands"]

commands = typer.Typer(no_args_is_help=True, help="List, show and change invocations.")

#: Characters of a failure that a list shows; `awaken invocations show` has all of it.
_LONGEST_FAILURE: Final = 200

IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The invocation's id, or its beginning if that is unique.")
]
IdsArgument = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Ids of invocations, or their unique beginnings.")
]


@commands.command("list")
@explain_failures
def show_list(
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATUS", help=f"Only those with this status; may be repeated: {', '.join(STATUSES)}."
        ),
    ] = None,
    service: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this service.")] = None,
    handler: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this handler.")] = None,
    key: Annotated[str | None, typer.Option(metavar="KEY", help="Only those of this key.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the newest ones.")] = 50,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """List invocations, newest first."""
    from awaken.cli.output import print_json, print_text
    from awaken.cli.runtime_client import talk
    from awaken.cli.tables import Column, print_table
    from awaken.control.invocation_details import add_causes_of_pauses
    from awaken.control.reads import list_invocations

    async def work(runtime: RemoteOperations) -> list[dict[str, Any]]:
        rows = await list_invocations(runtime, status or [], service, handler, key, limit=limit)
        await add_causes_of_pauses(runtime, rows)
        return rows

    rows = talk(work, admin=parse_urls([admin], "an admin API"))
    if json_output:
        print_json(rows)
    elif not rows:
        print_text("No invocations.")
    else:
        print_table(
            (
                Column("Id", is_id=True),
                Column("Target"),
                Column("Status"),
                Column("Created", is_optional=True),
                Column("Attempts", is_optional=True),
                Column("What happened", is_below=True, limit=_LONGEST_FAILURE),
            ),
            [_line(row) for row in rows],
        )


def _line(row: Mapping[str, Any]) -> tuple[str, ...]:
    happened = row.get("completion_failure") or row.get("last_failure") or row.get("completion_result") or ""
    attempts = row.get("retry_count")
    return (
        str(row["id"]),
        str(row.get("target", "")),
        str(row.get("status", "")),
        age(row.get("created_at")),
        "" if attempts is None else str(attempts),
        str(happened).strip().partition("\n")[0],
    )


@commands.command("show")
@explain_failures
def show(
    invocation_id: IdArgument, admin: AdminOption = DEFAULT_ADMIN, json_output: JsonOutputOption = False
) -> None:
    """Show everything about one invocation, with its journal."""
    from awaken.cli.output import print_facts, print_json, write_out
    from awaken.cli.runtime_client import check_invocation_id, find_invocation_id, talk
    from awaken.cli.tables import Column, print_table
    from awaken.control.invocation_details import describe_invocation

    check_invocation_id(invocation_id)

    async def work(runtime: RemoteOperations) -> InvocationDetails:
        return await describe_invocation(runtime, await find_invocation_id(runtime, invocation_id))

    found = talk(work, admin=parse_urls([admin], "an admin API"))
    facts, journal = found.facts, found.journal
    if json_output:
        print_json(facts | {"journal": journal})
        return
    print_facts(facts)
    if journal:
        write_out("\n")
        print_table(
            (Column("Entry"), Column("Type"), Column("Name"), Column("Bytes", is_optional=True)),
            [
                tuple(str(entry.get(name, "")) for name in ("index", "entry_type", "name", "raw_length"))
                for entry in journal
            ],
        )


def _change_all(
    ids: Sequence[str],
    name: str,
    operation: Operation,
    admin: str,
    *,
    json_output: bool,
    done: str,
    requested: str | None = None,
) -> None:
    """Apply an operation to several invocations, print the outcome of each, and fail if any failed."""
    from awaken.cli.output import print_json, print_text
    from awaken.cli.runtime_client import check_invocation_id, talk

    for invocation_id in ids:
        check_invocation_id(invocation_id)

    async def work(runtime: RemoteOperations) -> list[dict[str, Any]]:
        return [await _change(runtime, invocation_id, name, operation) for invocation_id in ids]

    outcomes = talk(work, admin=parse_urls([admin], "an admin API"))
    failed = [outcome["error"] for outcome in outcomes if "error" in outcome]
    if len(ids) == 1 and failed:
        raise CommandError(failed[0])
    if json_output:
        print_json(outcomes)
    for outcome in outcomes:
        if not json_output:
            word = requested if requested and outcome.get("status") == 202 else done
            was = outcome.get("paused_while")
            before = f"was {was}, so it was paused first; " if was else ""
            print_text(outcome.get("error") or f"{outcome['id']}: {before}{word.format(**outcome)}")
    if failed:
        raise CommandError(f"{len(failed)} of {len(ids)} failed; see above")


async def _change(
    runtime: RemoteOperations, invocation_id: str, name: str, operation: Operation
) -> dict[str, Any]:
    from awaken.cli.runtime_client import explain, find_invocation_id
    from awaken.control.errors import OperationError
    from awaken.control.operations import Change

    try:
        invocation_id = await find_invocation_id(runtime, invocation_id)
        change = await operation(runtime, invocation_id)
    except OperationError as error:
        return {"id": invocation_id, "error": f"cannot {name} {invocation_id}: {explain(error)}"}
    if isinstance(change, Change):
        return {"id": invocation_id, "status": 202 if change is Change.REQUESTED else 200}
    return {"id": invocation_id, "status": 200, **change}


def _add(name: str, operation: Operation, help_text: str, done: str, requested: str | None = None) -> None:
    @commands.command(name, help=help_text)
    @explain_failures
    def change(
        invocation_ids: IdsArgument,
        admin: AdminOption = DEFAULT_ADMIN,
        json_output: JsonOutputOption = False,
    ) -> None:
        _change_all(
            invocation_ids, name, operation, admin, json_output=json_output, done=done, requested=requested
        )


_add(
    "cancel",
    lambda runtime, invocation_id: runtime.cancel(invocation_id),
    "Ask invocations to stop.\n\nTheir handlers get a terminal error at the next await, and may clean up.",
    done="cancelled",
    requested="asked to stop; the handler ends it",
)
_add(
    "kill",
    lambda runtime, invocation_id: runtime.kill(invocation_id),
    "End invocations without running their handlers again.\n\nThe invocations that they called end as well.",
    done="killed",
)
_add(
    "pause",
    lambda runtime, invocation_id: runtime.pause(invocation_id),
    "Stop running invocations until they are resumed.",
    done="paused",
    requested="asked to pause",
)


@commands.command("purge")
@explain_failures
def purge(
    invocation_ids: IdsArgument,
    journal: Annotated[
        bool, typer.Option("--journal", help="Delete only the journal; keep the result.")
    ] = False,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """Delete completed invocations before their retention is over."""

    async def work(runtime: RemoteOperations, invocation_id: str) -> Change:
        return await (runtime.purge_journal if journal else runtime.purge)(invocation_id)

    _change_all(invocation_ids, "purge", work, admin, json_output=json_output, done="deleted")


@commands.command("resume")
@explain_failures
def resume(
    invocation_ids: IdsArgument,
    deployment: Annotated[
        str | None,
        typer.Option(
            metavar="latest|keep|ID",
            help="Move invocations to this deployment. Those that are running or backing off are paused first.",
        ),
    ] = None,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """Resume paused invocations, and retry backing-off ones at once."""
    from awaken.cli.moving import resume as resume_one

    async def work(runtime: RemoteOperations, invocation_id: str) -> dict[str, str]:
        was = await resume_one(runtime, invocation_id, deployment)
        return {} if was is None else {"paused_while": was}

    _change_all(invocation_ids, "resume", work, admin, json_output=json_output, done="resumed")


@commands.command("restart")
@explain_failures
def restart(
    invocation_id: IdArgument,
    keep: Annotated[
        int, typer.Option("--from", metavar="INDEX", min=0, help="Keep the journal up to this entry.")
    ] = 0,
    deployment: Annotated[
        str | None, typer.Option(metavar="latest|keep|ID", help="Run the new invocation on this deployment.")
    ] = None,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """Start a completed invocation again, as a new one.

    The new invocation has the same input, which is entry 0 of the journal.
    """

    async def work(runtime: RemoteOperations, invocation_id: str) -> dict[str, str]:
        return {"new_invocation_id": await runtime.restart_as_new(invocation_id, keep + 1, deployment)}

    done = "restarted as {new_invocation_id}"
    _change_all([invocation_id], "restart", work, admin, json_output=json_output, done=done)
