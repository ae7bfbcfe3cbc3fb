"""`awaken deployments`: list deployments with what still needs them, and remove those that nothing needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from awaken.cli.addresses import parse_urls
from awaken.cli.ages import age
from awaken.cli.failures import CommandError, explain_failures
from awaken.cli.settings import DEFAULT_ADMIN, AdminOption, JsonOutputOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.control.pinned import DeploymentUse
    from awaken.control.remote import RemoteOperations

__all__ = ["commands", "remove_unless_needed"]

commands = typer.Typer(no_args_is_help=True, help="List and remove registered versions of endpoints.")


@commands.command("list")
@explain_failures
def show_list(admin: AdminOption = DEFAULT_ADMIN, json_output: JsonOutputOption = False) -> None:
    """List deployments, newest first, with how many open invocations are pinned to each.

    New invocations of a service go to its newest deployment, in the table marked with *.
    """
    from awaken.cli.output import print_json, print_text
    from awaken.cli.runtime_client import talk
    from awaken.cli.tables import Column, print_table
    from awaken.control.pinned import list_uses

    async def work(runtime: RemoteOperations) -> list[DeploymentUse]:
        return await list_uses(runtime)

    uses = talk(work, admin=parse_urls([admin], "an admin API"))
    if json_output:
        print_json([_document(use) for use in uses])
    elif not uses:
        print_text("No deployments.")
    else:
        print_table(
            (
                Column("Id", is_whole=True),
                Column("Address"),
                Column("Created", is_optional=True),
                Column("Open"),
                Column("Services"),
            ),
            [_line(use) for use in uses],
        )


def _document(use: DeploymentUse) -> dict[str, Any]:
    one = use.deployment
    return {
        "id": one.deployment_id,
        "address": one.address,
        "protocol": one.protocol,
        "created_at": one.created_at,
        "sdk_version": one.sdk_version,
        "open_invocations": use.open_invocations,
        "services": [
            {"name": name, "revision": revision, "is_newest": name in use.newest_of}
            for name, revision in one.services
        ],
    }


def _line(use: DeploymentUse) -> Sequence[str]:
    one = use.deployment
    services = (f"{name}*" if name in use.newest_of else name for name, _ in one.services)
    return (
        one.deployment_id,
        one.address,
        age(one.created_at),
        str(use.open_invocations),
        ", ".join(services),
    )


@commands.command("remove")
@explain_failures
def remove(
    deployment_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a deployment.")],
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Also if invocations are pinned to it, which then fail until they are moved, or if it is the newest "
            "of a service.",
        ),
    ] = False,
    admin: AdminOption = DEFAULT_ADMIN,
    json_output: JsonOutputOption = False,
) -> None:
    """Forget a deployment that nothing needs any more, so that its endpoint can be stopped.

    An invocation may begin there between the check and the removal, for example one that is moved to it. Those are
    counted afterwards, and the command fails if there are any: they cannot go on until you move them.
    """
    from awaken.cli.output import print_json, print_text
    from awaken.cli.runtime_client import talk

    async def work(runtime: RemoteOperations) -> DeploymentUse:
        return await remove_unless_needed(runtime, deployment_id, force=force)

    use = talk(work, admin=parse_urls([admin], "an admin API"))
    if json_output:
        print_json(_document(use))
    else:
        print_text(f"removed {deployment_id}, which was {use.deployment.address}{_left_behind(use)}")


async def remove_unless_needed(
    runtime: RemoteOperations, deployment_id: str, *, force: bool
) -> DeploymentUse:
    """Remove a deployment, and return what needed it.

    The API removes whatever is needed or nothing, so the check is ours, and something may begin after it.

    Raises:
        NotFoundError: there is none with this id.
        CommandError: something needs it, and `force` is false; or something began to need it meanwhile.
    """
    from awaken.control.pinned import count_pinned, find_use

    use = await find_use(runtime, deployment_id)
    if use.is_needed and not force:
        raise CommandError(_reason(use))
    await runtime.remove_deployment(deployment_id)
    count = (await count_pinned(runtime)).get(deployment_id, 0)
    if count > use.open_invocations:
        raise CommandError(_late(use, count - use.open_invocations))
    return use


def _left_behind(use: DeploymentUse) -> str:
    count = use.open_invocations
    if not count:
        return ""
    were, them = ("1 open invocation was", "it") if count == 1 else (f"{count} open invocations were", "them")
    return (
        f"; {were} pinned to it and cannot go on: move {them} to a deployment that fits with `awaken invocations "
        "resume ID --deployment latest`, also if this address is registered again, which gives it another id"
    )


def _late(use: DeploymentUse, count: int) -> str:
    one = use.deployment
    began, them = ("1 invocation was", "it") if count == 1 else (f"{count} invocations were", "them")
    return (
        f"removed {one.deployment_id} ({one.address}), but {began} pinned to it meanwhile and cannot go on; find "
        f"{them} with `awaken invocations list`, and move {them} with "
        "`awaken invocations resume ID --deployment latest`"
    )


def _reason(use: DeploymentUse) -> str:
    one = use.deployment
    reasons = []
    if use.open_invocations:
        count = use.open_invocations
        pinned = "1 open invocation is" if count == 1 else f"{count} open invocations are"
        reasons.append(
            f"{pinned} pinned to it: wait for their end, cancel them, or move them with `awaken invocations resume "
            "ID --deployment latest`"
        )
    if use.newest_of:
        reasons.append(
            f"new invocations of {', '.join(use.newest_of)} go there: register the endpoint that replaces it first"
        )
    return f"{one.deployment_id} ({one.address}) is needed; {'; '.join(reasons)}. --force removes it all the same"
