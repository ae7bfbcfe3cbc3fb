"""Runs the embedded runtime as a process, for `awaken dev` and `awaken runtime`."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from awaken.cli.addresses import admin_option, reachable_url
from awaken.cli.announcing import announce, announce_stop
from awaken.cli.doors import open_doors
from awaken.cli.ending import closing_together
from awaken.cli.failures import BrokenApplicationError, CommandError
from awaken.cli.places import CALLBACKS, check_addresses
from awaken.cli.server_settings import read_runtime_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from awaken.cli.doors import Doors, OpenDoors
    from awaken.cli.runtime_numbers import RuntimeNumbers
    from awaken.control.operations import AnswerCodec
    from awaken.exchange import Accept
    from awaken.hosting.embedded import EmbeddedRuntime
    from awaken.hosting.runtime_readiness import RuntimeReadiness
    from awaken.hosting.step_ticker import StepTicker
    from awaken.runtime.query import Backlog, BacklogReading

__all__ = ["Display", "run_embedded"]

# How long what is open may take after a signal: 8 s together with the requests of `cli/ending.py`, because Docker kills
# after 10.
#: Callers that wait for results: then they are told to ask again.
_CALLERS_GRACE_S: Final = 3.0
#: Handlers, which are then asked to suspend: those that do not are repeated at the next start.
_HANDLERS_GRACE_S: Final = 4.0


@dataclass(frozen=True, slots=True)
class Display:
    """What people see in the terminal."""

    #: Returns a line that says what is served, once the runtime has started.
    describe: Callable[[EmbeddedRuntime], str]
    #: Prints steps; None prints none.
    observer: StepTicker | None
    #: Whether the addresses are printed as JSON.
    json_output: bool


def run_embedded(
    doors: Doors,
    display: Display,
    *,
    apps: Mapping[str, Accept],
    codecs: Mapping[str, AnswerCodec] | None = None,
    numbers: RuntimeNumbers | None = None,
    until: Callable[[asyncio.Event], Awaitable[None]] | None = None,
    leave: Callable[[], None] = lambda: None,
) -> None:
    """Run the embedded runtime until SIGTERM or SIGINT, then stop it.

    Args:
        doors: where it is reached, and by whom.
        display: what people see.
        apps: applications of this process, by their stable names.
        codecs: their journal value codecs, by the names of their services.
        numbers: counts and shows; None without `--metrics`.
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

    settings = read_runtime_settings()
    doors.check(serves_inbox=settings.serves_inbox)
    check_pages()
    directory = doors.places.directory

    async def main() -> None:
        from awaken.cli.links import prepare_links
        from awaken.hosting.embedded import EmbeddedRuntime
        from awaken.hosting.runtime_readiness import RuntimeReadiness
        from awaken.hosting.urls import http_url

        embedded = EmbeddedRuntime(
            directory,
            apps=apps,
            settings=settings,
            observer=display.observer,
            codecs=codecs,
            measures=None if numbers is None else numbers.measures,
        )
        readiness = RuntimeReadiness(embedded.runtime)
        # Before handlers run: they may hand out links, and must not run in a process that cannot serve.
        try:
            free = replace(doors, places=check_addresses(doors.places))
            lead_links = prepare_links(directory)
        except CommandError:
            embedded.crash()
            await embedded.cut()
            raise
        url = http_url(free.places.callbacks or free.places.ingress, is_tls=free.access.http_tls is not None)
        lead_links(f"{reachable_url(url)}{CALLBACKS}")
        async with _showing(numbers, embedded, readiness):
            with closing(embedded.runtime.backlog()) as backlog:
                await embedded.start()
                try:
                    await _serve(
                        embedded,
                        readiness,
                        free,
                        display,
                        numbers,
                        until,
                        backlog=backlog,
                        lead_links=lead_links,
                    )
                finally:
                    await embedded.stop(_HANDLERS_GRACE_S)

    try:
        run_in_loop(main(), leave=leave)
    except StoreError as error:
        raise CommandError(f"{error} (--data-dir or AWAKEN_DATA_DIR)") from error
    except sqlite3.DatabaseError as error:  # a damaged page, found while reading what has to continue
        database = Path(directory) / DATABASE
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
    doors: Doors,
    display: Display,
    numbers: RuntimeNumbers | None,
    until: Callable[[asyncio.Event], Awaitable[None]] | None,
    *,
    backlog: BacklogReading,
    lead_links: Callable[[str], None],
) -> None:
    from awaken.hosting.signal_handler import SignalHandler

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    SignalHandler(stop, announce_stop).install(loop)
    async with closing_together() as closers:
        metrics = None if numbers is None else numbers.metrics
        opened = await open_doors(doors, embedded, readiness, metrics, closers)
        # Again, now that the port is known, if port 0 asked for a free one.
        lead_links(opened.links_url)
        _announce(opened, embedded, doors, display, numbers, await backlog.result())
        if display.observer is not None:
            display.observer.release(admin_option(opened.server.admin_url))
        readiness.open()
        async with asyncio.TaskGroup() as group:
            beside = None if until is None else group.create_task(_beside(until, stop))
            await stop.wait()
            readiness.drain()
            loop.call_later(_CALLERS_GRACE_S, embedded.runtime.dismiss_callers)
            if beside is not None:
                beside.cancel()


def _announce(
    opened: OpenDoors,
    embedded: EmbeddedRuntime,
    doors: Doors,
    display: Display,
    numbers: RuntimeNumbers | None,
    backlog: Backlog,
) -> None:
    announce(
        doors.places,
        opened.server,
        opened.links_url,
        opened.grpc,
        display.describe(embedded),
        backlog,
        has_inbox=embedded.runtime.settings.serves_inbox,
        metrics_url=None if numbers is None else numbers.url,
        public_key=embedded.deployments.public_key,
        has_handler=lambda service, handler: embedded.deployments.handler(service, handler) is not None,
        is_code_here=bool(embedded.dialers.uris),
        json_output=display.json_output,
    )


async def _beside(until: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    await until(stop)
