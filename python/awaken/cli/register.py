"""`awaken register`: tell a runtime about an endpoint."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from awaken.cli.addresses import parse_url
from awaken.cli.failures import explain_failures
from awaken.cli.settings import DEFAULT_ADMIN, AdminOption, JsonOutputOption

__all__ = ["register", "summarize"]


@explain_failures
def register(
    endpoint_url: Annotated[
        str, typer.Argument(metavar="ENDPOINT_URL", help="The endpoint, as the runtime reaches it.")
    ],
    admin: AdminOption = DEFAULT_ADMIN,
    force: Annotated[
        bool,
        typer.Option("--force", help="Discover again, and allow breaking changes, if it is known already."),
    ] = False,
    use_http_11: Annotated[
        bool, typer.Option("--use-http1.1", help="Talk HTTP/1.1 to the endpoint, one request at a time.")
    ] = False,
    json_output: JsonOutputOption = False,
) -> None:
    """Register an endpoint, so that the runtime sends invocations of its services there."""
    from awaken.cli.admin import register_deployment
    from awaken.cli.output import print_json, print_table, print_text

    deployment = register_deployment(
        parse_url(admin, "an admin API"),
        parse_url(endpoint_url, "an endpoint"),
        force=force,
        use_http_11=use_http_11,
    )
    if json_output:
        print_json(deployment)
        return
    print_text(f"Deployment {deployment.get('id', '')}")
    services = sorted(deployment["services"], key=lambda service: str(service["name"]))
    print_table(
        ("Service", "Type", "Revision", "Handlers"),
        [
            (
                service["name"],
                service.get("ty", ""),
                str(service.get("revision", "")),
                ", ".join(sorted(handler["name"] for handler in service.get("handlers", ()))),
            )
            for service in services
        ],
    )


def summarize(deployment: dict[str, Any]) -> str:
    """Name the services of a deployment and their revisions, in one line."""
    services = sorted(deployment["services"], key=lambda service: str(service["name"]))
    told = [f"{service['name']} (revision {service.get('revision', '?')})" for service in services]
    return ", ".join(told) or "no services"
