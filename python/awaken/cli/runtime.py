"""`awaken runtime`: the embedded runtime, for endpoints that run elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
from awaken.cli.answer_options import CodecOption, EveryService, TypesOption, know_types, read_codec
from awaken.cli.failures import explain_failures
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
    from awaken.hosting.embedded import EmbeddedRuntime

__all__ = ["runtime"]


@explain_failures
def runtime(
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
    steps: Annotated[
        bool, typer.Option("--steps", envvar="AWAKEN_STEPS", help="Print a line for each step.")
    ] = False,
    types: TypesOption = None,
    codec: CodecOption = None,
    show_payloads: ShowPayloadsOption = False,
    log_level: RuntimeLogLevelOption = None,
    metrics: MetricsOption = None,
    json_output: JsonOutputOption = False,
) -> None:
    """Run the embedded runtime until SIGTERM or SIGINT.

    Register endpoints with `awaken register`.
    """
    from awaken.cli.announcing import make_observer, start_output
    from awaken.cli.doors import Doors
    from awaken.cli.links import require_signer
    from awaken.cli.places import Places
    from awaken.cli.run_embedded import Display, run_embedded
    from awaken.cli.runtime_numbers import RuntimeNumbers
    from awaken.cli.server_settings import log_level_of, read_server_settings, wants_json

    names = read_server_settings()
    json_output = json_output or wants_json(names)
    start_output(log_level or log_level_of(names), json_output=json_output)
    pages = read_pages(allow_host, allow_origin)
    places = Places.read(ingress, admin, grpc, data_dir, callbacks, names)
    access = read_access(tls_cert, tls_key, tls_client_ca, token, token_file, insecure=insecure)
    visitors = read_inbox_access(inbox_user_header, inbox_groups_header, is_anonymous=inbox_anonymous)
    know_types(types)
    known = read_codec(codec)
    if places.callbacks is not None:
        require_signer()
    observer = make_observer(json_output=json_output, show_payloads=show_payloads) if steps else None
    run_embedded(
        Doors(places, access, visitors, pages),
        Display(_describe, observer, json_output),
        apps={},
        codecs=None if known is None else EveryService(known),
        numbers=RuntimeNumbers.read(metrics, places),
    )


def _describe(embedded: EmbeddedRuntime) -> str:
    services = sorted(service.name for service in embedded.deployments.services())
    if not services:
        return "no services are registered yet; run `awaken register ENDPOINT_URL`"
    return f"registered services: {', '.join(services)}"
