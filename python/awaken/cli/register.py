"""`awaken register`: register an endpoint with a runtime."""

from __future__ import annotations

from typing import Annotated

import typer

from awaken.cli.addresses import parse_url, parse_urls
from awaken.cli.failures import explain_failures
from awaken.cli.settings import DEFAULT_ADMIN, AdminsOption, JsonOutputOption

__all__ = ["register"]


@explain_failures
def register(
    endpoint_url: Annotated[
        str, typer.Argument(metavar="ENDPOINT_URL", help="URL of the endpoint, as the runtime reaches it.")
    ],
    admin: AdminsOption = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Discover a known endpoint again, and allow breaking changes."),
    ] = False,
    use_http_11: Annotated[
        bool, typer.Option("--use-http1.1", help="Talk HTTP/1.1 to the endpoint, one request at a time.")
    ] = False,
    json_output: JsonOutputOption = False,
) -> None:
    """Register an endpoint with a runtime.

    The runtime then sends new invocations of the endpoint's services there.
    """
    from awaken.cli.admin import register_deployment
    from awaken.cli.output import print_json, print_text
    from awaken.cli.tables import Column, print_table

    deployment = register_deployment(
        parse_urls(admin or [DEFAULT_ADMIN], "an admin API"),
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
        (
            Column("Service"),
            Column("Type", is_optional=True),
            Column("Revision", is_optional=True),
            Column("Handlers"),
        ),
        [
            (
                str(service["name"]),
                str(service.get("ty", "")),
                str(service.get("revision", "")),
                ", ".join(sorted(str(handler["name"]) for handler in service.get("handlers", ()))),
            )
            for service in services
        ],
    )
