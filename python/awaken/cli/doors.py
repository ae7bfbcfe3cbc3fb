"""Where the embedded runtime is reached, and by whom: ingress, admin API with the inbox, links, and gRPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awaken.cli.addresses import reachable_url
from awaken.cli.failures import CommandError
from awaken.cli.places import CALLBACKS, INBOX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.cli.access_options import Access
    from awaken.cli.inbox_options import InboxAccess
    from awaken.cli.places import Places
    from awaken.hosting.allowed_pages import AllowedPages
    from awaken.hosting.embedded import EmbeddedRuntime
    from awaken.hosting.runtime_readiness import RuntimeReadiness
    from awaken.hosting.runtime_server import RuntimeServer
    from awaken.metrics.metrics import Metrics

    #: What is to be closed at the end, each within some seconds.
    Closers = list[Callable[[float], Awaitable[None]]]

__all__ = ["Doors", "OpenDoors", "open_doors"]


@dataclass(frozen=True, slots=True)
class Doors:
    """What the command line says of them."""

    #: Where it listens and stores its data.
    places: Places
    #: Who may enter.
    access: Access
    #: How the inbox knows its visitors.
    inbox: InboxAccess
    #: Names and origins that may call it.
    pages: AllowedPages

    def check(self, *, serves_inbox: bool) -> None:
        """Check that nobody enters who is asked for nothing.

        Raises:
            UsageError: an address would be open to a network, or the inbox to people without names.
            CommandError: the host of an address is not known.
        """
        places = self.places
        self.access.check_exposure(
            {"--ingress": places.ingress, "--admin": places.admin, "--grpc": places.grpc}
        )
        self.inbox.check_names("--admin", places.admin if serves_inbox else None)


@dataclass(frozen=True, slots=True)
class OpenDoors:
    """Where they are."""

    server: RuntimeServer
    links_url: str
    #: Host and port; None without gRPC.
    grpc: str | None


async def open_doors(
    doors: Doors,
    embedded: EmbeddedRuntime,
    readiness: RuntimeReadiness,
    metrics: Metrics | None,
    closers: Closers,
) -> OpenDoors:
    """Serve ingress, admin API, inbox, links and gRPC.

    Raises:
        CommandError: an address is in use.
    """
    server, links_url = await _listen(doors, embedded, readiness, metrics, closers)
    return OpenDoors(server, links_url, await _control(doors, embedded, metrics, closers))


async def _listen(
    doors: Doors,
    embedded: EmbeddedRuntime,
    readiness: RuntimeReadiness,
    metrics: Metrics | None,
    closers: Closers,
) -> tuple[RuntimeServer, str]:
    """Serve everything over HTTP; return the server, and where the links are."""
    from awaken.callbacks import create_callback_app
    from awaken.hosting.links_server import make_links_server
    from awaken.hosting.runtime_server import RuntimeServer
    from awaken.inbox import create_inbox
    from awaken.links import current_settings

    places, access = doors.places, doors.access
    links = create_callback_app(operations=embedded.runtime)
    public_url = current_settings().url
    serves_inbox = embedded.runtime.settings.serves_inbox
    server = RuntimeServer(
        embedded.ingress,
        embedded.admin,
        ingress_bind=places.ingress,
        admin_bind=places.admin,
        beside_ingress={CALLBACKS: links} if places.callbacks is None else {},
        inbox=create_inbox(embedded.runtime, doors.inbox.visitors) if serves_inbox else None,
        inbox_path=INBOX,
        pages=doors.pages,
        public_url=public_url,
        tokens=access.guard,
        tls=access.http_tls,
        metrics=metrics,
        unready=readiness.unready,
    )
    links_url = ""
    try:
        if places.callbacks is not None:
            own = make_links_server(
                links, CALLBACKS, places.callbacks, doors.pages, public_url=public_url, tls=access.links_tls
            )
            own.measure(metrics, "links")
            await own.start()
            closers.append(own.stop)
            links_url = own.url
        await server.open()
    except OSError as error:
        raise CommandError(
            f"cannot listen: {error.strerror or error}; stop what uses the address, or choose another one with "
            "--ingress, --admin and --callbacks"
        ) from error
    closers.append(server.close)
    return server, f"{reachable_url(links_url or server.ingress_url)}{CALLBACKS}"


async def _control(
    doors: Doors, embedded: EmbeddedRuntime, metrics: Metrics | None, closers: Closers
) -> str | None:
    """Serve gRPC and return its address; None without gRPC, or if its default address is in use."""
    places, access = doors.places, doors.access
    if places.grpc is None:
        return None
    from awaken.control.server import start_control_server
    from awaken.hosting.urls import host_and_port

    host, port = places.grpc
    try:
        control = await start_control_server(
            embedded.runtime, host=host, port=port, tls=access.tls, tokens=access.tokens, metrics=metrics
        )
    except OSError as error:
        if places.is_grpc_requested:
            raise CommandError(f"{error}; choose another address with --grpc, or --grpc off") from error
        return None
    closers.append(control.close)
    return host_and_port(host, control.port)
