"""`awaken awakeables`: what the outside world still has to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from awaken.cli.addresses import parse_url
from awaken.cli.failures import CommandError, explain_failures
from awaken.cli.settings import (
    DEFAULT_ADMIN,
    DEFAULT_INGRESS,
    AdminOption,
    IngressOption,
    JsonOutputOption,
)
from awaken.context.callback import expiry_of

if TYPE_CHECKING:
    from awaken.control.awakeables import Seen
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
    from awaken.cli.admin_client import Operator, quote_sql, select
    from awaken.cli.invocations import age
    from awaken.cli.output import print_json, print_table, print_text
    from awaken.control.pending import (
        PENDING_COLUMNS,
        ask_for_callbacks,
        join_callbacks,
        pending_awakeables,
    )

    conditions = ["status IN ('running', 'backing-off', 'suspended', 'paused')"]
    columns = {"target_service_name": service, "target_service_key": key}
    conditions += [f"{name} = {quote_sql(value)}" for name, value in columns.items() if value is not None]
    sql = select(PENDING_COLUMNS, "sys_invocation", conditions, order="modified_at", limit=limit)
    with Operator(parse_url(admin, "an admin API")) as operator:
        found = [awakeable for row in operator.query(sql) for awakeable in pending_awakeables(row)]
        if found:
            found = join_callbacks(found, operator.query(ask_for_callbacks(found)))
    pending = [_facts(one) for one in found]
    if json_output:
        print_json(pending)
    elif not pending:
        print_text("Nothing waits for the outside, as far as the runtime knows.")
    else:
        print_table(
            ("Id", "Name", "Handler", "Key", "Status", "Since", "Waits for"),
            [
                (
                    *(one["id"], one["name"], one["handler"], one["key"] or "", one["status"]),
                    *(age(one["since"]).removesuffix(" ago"), one["waits_for"]),
                )
                for one in pending
            ],
            whole=("Id",),
        )


@commands.command("show")
@explain_failures
def show(
    awakeable_id: Annotated[str, typer.Argument(metavar="ID", help="The id the handler handed out.")],
    ingress: IngressOption = DEFAULT_INGRESS,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """Show how one awakeable stands: pending, completed, not awaited, or its invocation over."""
    import asyncio

    from awaken.cli.output import print_json, print_text
    from awaken.control.errors import ControlError

    urls = parse_url(ingress, "an ingress"), parse_url(admin, "an admin API")
    try:
        seen = asyncio.run(_look(awakeable_id, *urls))
    except ControlError as error:
        raise CommandError(error.message) from error
    facts: dict[str, Any] = {
        "id": seen.id,
        "state": seen.state.value,
        "invocation": seen.invocation_id,
        "handler": f"{seen.service}/{seen.handler}",
        "key": seen.key,
    }
    if seen.pending is not None:
        facts = _facts(seen.pending) | facts
    if json_output:
        print_json(facts)
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        if value not in (None, "", {}):
            print_text(f"{name:<{width}}  {value}")


async def _look(awakeable_id: str, ingress: str, admin: str) -> Seen:
    from awaken.control.awakeables import Awakeables
    from awaken.control.runtime_api import connect_runtime

    api = connect_runtime(ingress, admin)
    try:
        return await Awakeables(api).get(awakeable_id)
    finally:
        await api.close()


def _facts(found: Pending) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "type": found.type_name,
        "labels": dict(found.labels),
        "expires_at": None if found.expires_at_ms is None else expiry_of(found.expires_at_ms).isoformat(),
        "invocation": found.invocation_id,
        "handler": f"{found.service}/{found.handler}",
        "key": found.key,
        "status": found.status,
        "since": found.since,
        "waits_for": ", ".join([f"awakeable {found.index}", *found.beside]),
    }
