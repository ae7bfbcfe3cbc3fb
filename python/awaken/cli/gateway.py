"""`awaken gateway`: the gRPC control plane for a runtime in another process."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
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
from awaken.cli.addresses import check_address, parse_bind, parse_urls, reachable_url
from awaken.cli.answer_options import CodecOption, TypesOption, know_types, read_codec
from awaken.cli.ending import closing_together
from awaken.cli.failures import CommandError, explain_failures
from awaken.cli.inbox_options import (
    InboxAnonymousOption,
    InboxGroupsHeaderOption,
    InboxUserHeaderOption,
    read_inbox_access,
)
from awaken.cli.page_options import AllowHostOption, AllowOriginOption, read_pages
from awaken.cli.places import CALLBACKS, CallbacksOption, GrpcOption
from awaken.cli.settings import (
    DEFAULT_ADMIN,
    DEFAULT_GRPC,
    DEFAULT_INGRESS,
    AdminsOption,
    IngressesOption,
    JsonOutputOption,
    LogLevel,
    LogLevelOption,
    MetricsOption,
)

if TYPE_CHECKING:
    import socket

    from awaken.cli.access_options import Access
    from awaken.control.operations import AnswerCodec, Operations
    from awaken.control.remote import RemoteOperations
    from awaken.hosting.allowed_pages import AllowedPages
    from awaken.hosting.http_server import HttpServer
    from awaken.hosting.readiness import Readiness
    from awaken.inbox.visitors import VisitorHeaders
    from awaken.links import LinkSigner
    from awaken.metrics.metrics import Metrics

__all__ = ["gateway"]


@dataclass(frozen=True, slots=True)
class _Inbox:
    """What is needed to serve the inbox."""

    bind: tuple[str, int]
    visitors: VisitorHeaders


@dataclass(frozen=True, slots=True)
class _Links:
    """What is needed to serve links."""

    bind: tuple[str, int]
    signer: LinkSigner
    public_url: str | None


@explain_failures
def gateway(
    ingress: IngressesOption = None,
    admin: AdminsOption = None,
    grpc: GrpcOption = None,
    inbox: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            envvar="AWAKEN_INBOX",
            help="Serve the inbox on this address as well.",
        ),
    ] = None,
    callbacks: CallbacksOption = None,
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
    codec: CodecOption = None,
    metrics: MetricsOption = None,
    log_level: LogLevelOption = LogLevel.INFO,
    json_output: JsonOutputOption = False,
) -> None:
    """Serve the gRPC control plane for a Restate server or cluster.

    The process runs until SIGTERM or SIGINT.
    """
    import asyncio

    from awaken.cli.announcing import start_output
    from awaken.cli.links import check_pages, public_url, require_signer
    from awaken.cli.metrics_port import open_metrics_port
    from awaken.hosting.open_files import allow_many_files

    start_output(log_level, json_output=json_output)
    control = None if grpc == "off" else parse_bind(grpc or DEFAULT_GRPC)
    ingresses = parse_urls(ingress or [DEFAULT_INGRESS], "an ingress")
    admins = parse_urls(admin or [DEFAULT_ADMIN], "an admin API")
    bind = None if inbox is None else parse_bind(inbox)
    pages = read_pages(allow_host, allow_origin)
    access = read_access(tls_cert, tls_key, tls_client_ca, token, token_file, insecure=insecure)
    names = read_inbox_access(inbox_user_header, inbox_groups_header, is_anonymous=inbox_anonymous)
    if not (control or inbox or callbacks):
        raise CommandError("--grpc off leaves nothing to serve; add --inbox or --callbacks")
    access.check_exposure({"--grpc": control, "--inbox": bind})
    names.check_names("--inbox", bind)
    if inbox or callbacks:
        check_pages()
    know_types(types)
    known = read_codec(codec)
    page = None if bind is None else _Inbox(bind, names.visitors)
    links = None if callbacks is None else _Links(parse_bind(callbacks), require_signer(), public_url())
    addresses = {
        "--grpc": control,
        "--inbox": bind,
        "--callbacks": None if links is None else links.bind,
    }
    for option, address in addresses.items():
        if address is not None:
            check_address(option, *address)
    taken = {option: address for option, address in addresses.items() if address is not None}
    numbers = None if metrics is None else open_metrics_port(metrics, others=taken)
    allow_many_files()
    try:
        asyncio.run(
            _serve(
                ingresses,
                admins,
                control,
                page,
                links,
                access,
                pages,
                known,
                numbers,
                json_output=json_output,
            )
        )
    except OSError as error:
        raise CommandError(
            f"{error}; stop what uses the address, or choose another one with --grpc, --inbox and --callbacks"
        ) from error


async def _serve(
    ingress: list[str],
    admin: list[str],
    grpc: tuple[str, int] | None,
    inbox: _Inbox | None,
    links: _Links | None,
    access: Access,
    pages: AllowedPages,
    codec: AnswerCodec | None,
    numbers_port: socket.socket | None,
    *,
    json_output: bool,
) -> None:
    import asyncio

    from awaken.cli.announcing import print_announcement
    from awaken.control.remote import connect_runtime
    from awaken.control.server import start_control_server
    from awaken.hosting.readiness import Readiness
    from awaken.hosting.signal_handler import SignalHandler
    from awaken.hosting.urls import host_and_port, http_url

    stop = asyncio.Event()
    SignalHandler(stop).install(asyncio.get_running_loop())
    try:
        runtime = connect_runtime(ingress, admin)
    except ValueError as error:
        raise CommandError(str(error)) from error
    runtime.codec = codec
    readiness = Readiness()
    async with AsyncExitStack() as stack, closing_together() as closers:
        stack.push_async_callback(runtime.close)
        metrics = None
        if numbers_port is not None:
            metrics = await _show_numbers(runtime, readiness, numbers_port, stack)
        ingresses, admins = ", ".join(ingress), ", ".join(admin)
        address = None
        if grpc is not None:
            server = await start_control_server(
                runtime, host=grpc[0], port=grpc[1], tls=access.tls, tokens=access.tokens, metrics=metrics
            )
            closers.append(server.close)
            address = host_and_port(grpc[0], server.port)
        facts = {"grpc": address, "ingress": ingresses, "admin": admins, "pid": os.getpid()}
        lines: list[str] = []
        if inbox is not None:
            page = _make_inbox(inbox, runtime, access, pages)
            page.measure(metrics, "inbox")
            await page.start()
            closers.append(page.stop)
            facts["inbox"] = f"{page.url}/"
            lines.append(f"awaken: inbox on {facts['inbox']}")
        if links is not None:
            links_server = _make_links(links, runtime, access, pages)
            links_server.measure(metrics, "links")
            await links_server.start()
            closers.append(links_server.stop)
            facts["callbacks"] = f"{reachable_url(links_server.url)}{CALLBACKS}"
            lines.append(f"awaken: links on {facts['callbacks']}")
        if numbers_port is not None:
            facts["metrics"] = f"{http_url(numbers_port.getsockname()[:2])}/metrics"
            lines.append(f"awaken: metrics on {facts['metrics']}")
        served = f"gRPC on {address}, " if address else ""
        lines.append(f"awaken: {served}in front of {ingresses} and {admins}")
        print_announcement(facts, "\n".join(lines), json_output=json_output)
        readiness.open()
        await stop.wait()
        readiness.drain()


async def _show_numbers(
    runtime: RemoteOperations, readiness: Readiness, port: socket.socket, stack: AsyncExitStack
) -> Metrics:
    from awaken.hosting.gateway_measures import GatewayMeasures
    from awaken.hosting.process_numbers import ProcessNumbers
    from awaken.metrics.metrics import Metrics

    metrics = Metrics()
    stack.push_async_callback(GatewayMeasures(metrics, runtime).close)
    shown = ProcessNumbers(metrics, readiness, port)
    await shown.start()
    stack.push_async_callback(shown.stop)
    return metrics


def _make_inbox(inbox: _Inbox, operations: Operations, access: Access, pages: AllowedPages) -> HttpServer:
    from awaken.hosting.access_rules import rules_for
    from awaken.hosting.applications import Applications
    from awaken.hosting.http_server import HttpServer
    from awaken.hosting.page_guard import guard_pages
    from awaken.hosting.token_guard import guard_inbox
    from awaken.inbox import create_inbox

    rules = rules_for("inbox", inbox.bind[0], pages, is_reading_safe=True)
    applications = Applications()
    app = create_inbox(operations, inbox.visitors)
    guarded = guard_inbox(applications.serve(app), access.guard)
    return HttpServer(
        guard_pages(guarded, rules), *inbox.bind, applications=applications, tls=access.http_tls
    )


def _make_links(links: _Links, operations: Operations, access: Access, pages: AllowedPages) -> HttpServer:
    from awaken.callbacks import create_callback_app
    from awaken.hosting.links_server import make_links_server
    from awaken.hosting.urls import http_url
    from awaken.links import CallbackSettings

    url = links.public_url or http_url(links.bind, is_tls=access.links_tls is not None)
    app = create_callback_app(settings=CallbackSettings(url, links.signer), operations=operations)
    return make_links_server(
        app, CALLBACKS, links.bind, pages, public_url=links.public_url, tls=access.links_tls
    )
