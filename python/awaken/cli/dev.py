"""`awaken dev`: an application and the embedded runtime in one process."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from awaken.cli.access_options import (
    InsecureOption,
    TlsCertOption,
    TlsClientCaOption,
    TlsKeyOption,
    TokenFileOption,
    TokenOption,
    read_access,
)
from awaken.cli.answer_options import TypesOption  # noqa: TC001 -- typer reads the annotations
from awaken.cli.failures import UsageError, explain_failures
from awaken.cli.inbox_options import (
    InboxAnonymousOption,
    InboxGroupsHeaderOption,
    InboxUserHeaderOption,
    read_inbox_access,
)
from awaken.cli.page_options import AllowHostOption, AllowOriginOption, read_pages
from awaken.cli.places import AdminBindOption, CallbacksOption, DataDirOption, GrpcOption, IngressBindOption  # noqa: TC001 -- typer reads the annotations
from awaken.cli.settings import JsonOutputOption, MetricsOption, RuntimeLogLevelOption, ShowPayloadsOption  # noqa: TC001 -- typer reads the annotations

if TYPE_CHECKING:
    from awaken.endpoint.applications import Application
    from awaken.hosting.embedded import EmbeddedRuntime

__all__ = ["dev"]

#: Name of the application in its runtime. It stays the same, so that open invocations continue at the next start.
_APP: Final = "dev"


@explain_failures
def dev(
    application: Annotated[str, typer.Argument(metavar="MODULE:APP", help="An application, or services.")],
    ingress: IngressBindOption = None,
    admin: AdminBindOption = None,
    grpc: GrpcOption = None,
    callbacks: CallbacksOption = None,
    data_dir: DataDirOption = None,
    allow_host: AllowHostOption = None,
    allow_origin: AllowOriginOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    tls_client_ca: TlsClientCaOption = None,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    insecure: InsecureOption = False,
    inbox_user_header: InboxUserHeaderOption = None,
    inbox_groups_header: InboxGroupsHeaderOption = None,
    inbox_anonymous: InboxAnonymousOption = False,
    types: TypesOption = None,
    reload: Annotated[
        bool,
        typer.Option(
            "--reload", envvar="AWAKEN_RELOAD", help="Restart when the code changes; not on Windows."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", envvar="AWAKEN_QUIET", help="Do not print a line for each step.")
    ] = False,
    show_payloads: ShowPayloadsOption = False,
    log_level: RuntimeLogLevelOption = None,
    metrics: MetricsOption = None,
    json_output: JsonOutputOption = False,
) -> None:
    """Run an application on the embedded runtime, without a server.

    The process runs until SIGTERM or SIGINT.
    """
    from awaken.cli.announcing import make_observer, start_output
    from awaken.cli.doors import Doors
    from awaken.cli.places import Places
    from awaken.cli.reloading import Reloader
    from awaken.cli.run_embedded import Display, run_embedded
    from awaken.cli.runtime_numbers import RuntimeNumbers
    from awaken.cli.server_settings import log_level_of, read_server_settings, wants_json
    from awaken.diagnostics import development
    from awaken.endpoint.applications import codecs_of

    if reload and sys.platform == "win32":
        raise UsageError(
            "--reload replaces this process, which Windows cannot: leave it away, and start the command again when the "
            "code changes; what waits goes on"
        )
    names = read_server_settings()
    json_output = json_output or wants_json(names)
    start_output(log_level or log_level_of(names), json_output=json_output)
    pages = read_pages(allow_host, allow_origin)
    places = Places.read(ingress, admin, grpc, data_dir, callbacks, names)
    access = read_access(tls_cert, tls_key, tls_client_ca, token, token_file, insecure=insecure)
    visitors = read_inbox_access(inbox_user_header, inbox_groups_header, is_anonymous=inbox_anonymous)
    observer = None
    if not quiet:
        observer = make_observer(json_output=json_output, show_payloads=show_payloads, is_code_edited=True)
    run = partial(
        run_embedded, Doors(places, access, visitors, pages), Display(_describe, observer, json_output)
    )
    with development.enabled():
        if not reload:
            loaded = _load(application, types)
            numbers = RuntimeNumbers.read(metrics, places, loaded)
            run(apps={_APP: loaded.accept}, codecs=codecs_of(loaded), numbers=numbers)
            return
        reloader = Reloader()
        with reloader.waiting_for_repair():
            loaded = _load(application, types)
            numbers = RuntimeNumbers.read(metrics, places, loaded)
            run(
                apps={_APP: loaded.accept},
                codecs=codecs_of(loaded),
                numbers=numbers,
                until=reloader.watch,
                leave=reloader.restart_if_changed,
            )
        reloader.restart_if_changed()


def _load(application: str, types: list[str] | None) -> Application:
    from awaken.cli.answer_options import know_types
    from awaken.cli.loading import load_application

    loaded = load_application(application)
    know_types([application.partition(":")[0], *(types or ())])
    return loaded


def _describe(embedded: EmbeddedRuntime) -> str:
    services = sorted(embedded.deployments.services(), key=lambda service: service.name)
    described = [
        f"{service.name} ({', '.join(sorted(service.handlers)) or 'no handlers'})" for service in services
    ]
    return f"serving {', '.join(described)}"
