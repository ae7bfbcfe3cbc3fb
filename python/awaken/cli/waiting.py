"""`awaken awakeables`: what the outside world still has to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from awaken.cli.addresses import parse_url
from awaken.cli.failures import explain_failures
from awaken.cli.settings import DEFAULT_ADMIN, AdminOption, JsonOutputOption

if TYPE_CHECKING:
    from awaken.control.pending import Pending

__all__ = ["commands"]

commands = typer.Typer(no_args_is_help=True, help="What handlers wait for from outside.")


@commands.callback()
def _group() -> None:
    """What handlers wait for from outside."""


@commands.command("list")
@explain_failures
def show_list(
    service: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this service.")] = None,
    key: Annotated[str | None, typer.Option(metavar="KEY", help="Only of this key.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Look at so many waiting invocations, oldest first.")
    ] = 1000,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """List pending awakeables, those that wait longest first.

    A runtime knows of an awakeable when its handler awaits it: over protocol 7 at once, over earlier ones when the
    handler is suspended, by default after a minute.
    """
    from awaken.cli.invocations import age
    from awaken.cli.operator import Operator, quote_sql, select
    from awaken.cli.output import print_json, print_table, print_text
    from awaken.control.pending import PENDING_COLUMNS, pending_awakeables

    conditions = ["status IN ('running', 'backing-off', 'suspended', 'paused')"]
    columns = {"target_service_name": service, "target_service_key": key}
    conditions += [f"{name} = {quote_sql(value)}" for name, value in columns.items() if value is not None]
    sql = select(PENDING_COLUMNS, "sys_invocation", conditions, order="modified_at", limit=limit)
    with Operator(parse_url(admin, "an admin API")) as operator:
        rows = operator.query(sql)
    pending = [_facts(found) for row in rows for found in pending_awakeables(row)]
    if json_output:
        print_json(pending)
    elif not pending:
        print_text("Nothing waits for the outside, as far as the runtime knows.")
    else:
        print_table(
            ("Id", "Handler", "Key", "Status", "Since", "Waits for"),
            [
                (
                    *(found["id"], found["handler"], found["key"] or "", found["status"]),
                    *(age(found["since"]).removesuffix(" ago"), found["waits_for"]),
                )
                for found in pending
            ],
            whole=("Id",),
        )


def _facts(found: Pending) -> dict[str, Any]:
    return {
        "id": found.id,
        "invocation": found.invocation_id,
        "handler": f"{found.service}/{found.handler}",
        "key": found.key,
        "status": found.status,
        "since": found.since,
        "waits_for": ", ".join([f"awakeable {found.index}", *found.beside]),
    }
