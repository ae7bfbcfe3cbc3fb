"""Runs the embedded runtime as a process, for `awaken dev` and `awaken runtime`."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from awaken.cli.addresses import admin_option, reachable_url
from awaken.cli.announcing import announce, announce_stop
from awaken.cli.ending import closing_together
from awaken.cli.failures import BrokenApplicationError, CommandError
from awaken.cli.places import CALLBACKS, INBOX, check_addresses
from awaken.cli.server_settings import read_runtime_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from awaken.cli.access_options import Access
    from awaken.cli.inbox_options import InboxAccess
    from awaken.cli.places import Places
    from awaken.cli.runtime_numbers import RuntimeNumbers
    from awaken.control.operations import AnswerCodec, Operations
    from awaken.exchange import Accept
    from awaken.hosting.allowed_pages import AllowedPages
    from awaken.hosting.embedded import EmbeddedRuntime
    from awaken.hosting.runtime_readiness import RuntimeReadiness
    from awaken.hosting.runtime_server import RuntimeServer
    from awaken.hosting.step_ticker import StepTicker
    from awaken.metrics.metrics import Metrics
    from awaken.runtime.query import BacklogReading

__all__ = ["run_embedded"]

# How long what is open may take after a signal: 8 s together with the requests of `cli/ending.py`, because Docker kills
# after 10.
#: Callers that wait for results: then they are told to ask again.
_CALLERS_GRACE_S: Final = 3.0
#: Handlers, which are then asked to suspend: those that do not are repeated at the next start.
_HANDLERS_GRACE_S: Final = 4.0


def run_embedded(
    places: Places,
    access: Access,
    inbox: InboxAccess,
    *,
    pages: AllowedPages,
    apps: Mapping[str, Accept],
    codecs: Mapping[str, AnswerCodec] | None = None,
    json_output: bool,
    observer: StepTicker | None,
    numbers: RuntimeNumbers | None = None,
    describe: Callable[[EmbeddedRuntime], str],
    until: Callable[[asyncio.Event], Awaitable[None]] | None = None,
    leave: Callable[[], None] = lambda: None,
) -> None:
    """Run the embedded runtime until SIGTERM or SIGINT, then stop it.

    Args:
        places: where it listens and stores its data.
        access: who may enter.
        inbox: how it knows its visitors.
        pages: names and origins that may call it.
        apps: applications of this process, by their stable names.
        codecs: their journal value codecs, by the names of their services.
        json_output: print the addresses as JSON.
        observer: prints steps; None prints none.
        numbers: counts and shows; None without `--metrics`.
        describe: returns a line that says what is served, once the runtime has started.
        until: runs beside the runtime, and may set the event that stops it.
        leave: called before the process ends while blocking actions still run; it may replace the process.

    Raises:
        UsageError: an address would be open to a network, or an inbox to people without names.
        CommandError: the directory or an address is in use, or a setting is malformed.
        BrokenApplicationError: the application cannot be registered.
    """
    from awaken.cli.links import check_pages
    from awaken.hosting.event_loop import run_in_loop
    from awaken.runtime.deployments import RegistrationError
    from awaken.runtime.errors import StoreError
    from awaken.runtime.store.directory import DATABASE
    from awaken.runtime.store.opening import explain

    access.check_exposure({"--ingress": places.ingress, "--admin": places.admin, "--grpc": places.grpc})
    settings = read_runtime_settings()
    inbox.check_names("--admin", places.admin if settings.serves_inbox else None)
    check_pages()

    async def main() -> None:
        from awaken.cli.links import prepare_links
        from awaken.hosting.embedded import EmbeddedRuntime
        from awaken.hosting.runtime_readiness import RuntimeReadiness
        from awaken.hosting.urls import http_url

        embedded = EmbeddedRuntime(
            places.directory,
            apps=apps,
            settings=settings,
            observer=observer,
            codecs=codecs,
            measures=None if numbers is None else numbers.measures,
        )
        readiness = RuntimeReadiness(embedded.runtime)
        # Before handlers run: they may hand out links, and must not run in a process that cannot serve.
        try:
            free = check_addresses(places)
            lead_links = prepare_links(places.directory)
        except CommandError:
            embedded.crash()
            await embedded.cut()
            raise
        url = http_url(places.callbacks or places.ingress, is_tls=access.http_tls is not None)
        lead_links(f"{reachable_url(url)}{CALLBACKS}")
        async with _showing(numbers, embedded, readiness):
            with closing(embedded.runtime.backlog()) as backlog:
                await embedded.start()
                try:
                    await _serve(
                        embedded,
                        readiness,
                        free,
                        access,
                        inbox,
                        pages,
                        lead_links,
                        describe,
                        backlog,
                        until,
                        numbers,
                        observer,
                        json_output=json_output,
                    )
                finally:
                    await embedded.stop(_HANDLERS_GRACE_S)

    try:
        run_in_loop(main(), leave=leave)
    except StoreError as error:
        raise CommandError(f"{error} (--data-dir or AWAKEN_DATA_DIR)") from error
    except sqlite3.DatabaseError as error:  # a damaged page, found while reading what has to continue
        database = Path(places.directory) / DATABASE
        raise CommandError(f"cannot read {database}: {explain(error, database)}") from error
    except RegistrationError as error:
        raise BrokenApplicationError(f"the application cannot be served: {error}") from error


@asynccontextmanager
async def _showing(
    numbers: RuntimeNumbers | None, embedded: EmbeddedRuntime, readiness: RuntimeReadiness
) -> AsyncIterator[None]:
    """Show numbers from before the start to behind the end, so that `/ready` tells of both."""
    if numbers is None:
        yield
        return
    await numbers.start(embedded, readiness)
    try:
        yield
    finally:
        await numbers.stop()


async def _serve(
    embedded: EmbeddedRuntime,
    readiness: RuntimeReadiness,
    places: Places,
    access: Access,
    inbox: InboxAccess,
    pages: AllowedPages,
    lead_links: Callable[[str], None],
    describe: Callable[[EmbeddedRuntime], str],
    backlog: BacklogReading,
    until: Callable[[asyncio.Event], Awaitable[None]] | None,
    numbers: RuntimeNumbers | None,
    observer: StepTicker | None,
    *,
    json_output: bool,
) -> None:
    from awaken.hosting.signal_handler import SignalHandler

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    SignalHandler(stop, announce_stop).install(loop)
    async with closing_together() as closers:
        metrics = None if numbers is None else numbers.metrics
        server, links_url = await _listen(embedded, readiness, places, access, inbox, pages, closers, metrics)
        # Again, now that the port is known, if port 0 asked for a free one.
        lead_links(links_url)
        grpc = await _control(places, access, embedded.runtime, closers, metrics)
        announce(
            places,
            server,
            links_url,
            grpc,
            describe(embedded),
            await backlog.result(),
            has_inbox=embedded.runtime.settings.serves_inbox,
            metrics_url=None if numbers is None else numbers.url,
            public_key=embedded.deployments.public_key,
            has_handler=lambda service, handler: embedded.deployments.handler(service, handler) is not None,
            is_code_here=bool(embedded.dialers.uris),
            json_output=json_output,
        )
        if observer is not None:
            observer.release(admin_option(server.admin_url))
        readiness.open()
        async with asyncio.TaskGroup() as group:
            beside = None if until is None else group.create_task(_beside(until, stop))
            await stop.wait()
            readiness.drain()
            loop.call_later(_CALLERS_GRACE_S, embedded.runtime.dismiss_callers)
            if beside is not None:
                beside.cancel()


async def _listen(
    embedded: EmbeddedRuntime,
    readiness: RuntimeReadiness,
    places: Places,
    access: Access,
    inbox: InboxAccess,
    pages: AllowedPages,
    closers: list[Callable[[float], Awaitable[None]]],
    metrics: Metrics | None,
) -> tuple[RuntimeServer, str]:
    """Serve ingress, admin API, inbox and links; return the server, and where the links are."""
    from awaken.callbacks import create_callback_app
    from awaken.hosting.links_server import make_links_server
    from awaken.hosting.runtime_server import RuntimeServer
    from awaken.inbox import create_inbox
    from awaken.links import current_settings

    links = create_callback_app(operations=embedded.runtime)
    public_url = current_settings().url
    serves_inbox = embedded.runtime.settings.serves_inbox
    server = RuntimeServer(
        embedded.ingress,
        embedded.admin,
        ingress_bind=places.ingress,
        admin_bind=places.admin,
        beside_ingress={CALLBACKS: links} if places.callbacks is None else {},
        inbox=create_inbox(embedded.runtime, inbox.visitors) if serves_inbox else None,
        inbox_path=INBOX,
        pages=pages,
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
                links, CALLBACKS, places.callbacks, pages, public_url=public_url, tls=access.links_tls
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


async def _beside(until: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    await until(stop)


async def _control(
    places: Places,
    access: Access,
    operations: Operations,
    closers: list[Callable[[float], Awaitable[None]]],
    metrics: Metrics | None,
) -> str | None:
    """Serve gRPC and return its address; None without gRPC, or if its default address is in use."""
    if places.grpc is None:
        return None
    from awaken.control.server import start_control_server
    from awaken.hosting.urls import host_and_port

    host, port = places.grpc
    try:
        control = await start_control_server(
            operations, host=host, port=port, tls=access.tls, tokens=access.tokens, metrics=metrics
        )
    except OSError as error:
        if places.is_grpc_requested:
            raise CommandError(f"{error}; choose another address with --grpc, or --grpc off") from error
        return None
    closers.append(control.close)
    return host_and_port(host, control.port)
