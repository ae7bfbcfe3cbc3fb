"""What `awaken dev` and `awaken runtime` have in common: the embedded runtime as a process."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from awaken.cli.addresses import check_free, parse_bind, parse_url
from awaken.cli.failures import BrokenApplicationError, CommandError
from awaken.cli.output import print_progress
from awaken.cli.settings import DEFAULT_GRPC

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from awaken.control.operations import Operations
    from awaken.exchange import Accept
    from awaken.hosting.embedded import EmbeddedRuntime
    from awaken.hosting.runtime_server import RuntimeServer
    from awaken.hosting.signal_handler import SignalHandler
    from awaken.runtime.events import Observer
    from awaken.runtime.settings import RuntimeSettings

__all__ = ["AdminBindOption", "DataDirOption", "GrpcOption", "IngressBindOption", "Places", "run_embedded"]

_DEFAULT_DIRECTORY: Final = ".awaken"

#: Where links lead, on the ingress; below what is reserved, so that no service can have the name.
CALLBACKS: Final = "/restate/callbacks"
#: Where the inbox is, on the admin API.
INBOX: Final = "/ui"

IngressBindOption = Annotated[
    str | None,
    typer.Option(
        "--ingress",
        metavar="HOST:PORT",
        envvar="AWAKEN_INGRESS",
        help="Where callers enter; port 0 finds one.  [default: 127.0.0.1:8080]",
    ),
]
AdminBindOption = Annotated[
    str | None,
    typer.Option(
        "--admin",
        metavar="HOST:PORT",
        envvar="AWAKEN_ADMIN",
        help="Where operators enter.  [default: 127.0.0.1:9070]",
    ),
]
GrpcOption = Annotated[
    str | None,
    typer.Option(
        "--grpc",
        metavar="HOST:PORT",
        envvar="AWAKEN_GRPC",
        help="Where the gRPC control plane listens, or `off`.  [default: 127.0.0.1:9071]",
    ),
]
DataDirOption = Annotated[
    str | None,
    typer.Option(
        "--data-dir", metavar="DIR", envvar="AWAKEN_DATA_DIR", help="Where the data is.  [default: .awaken]"
    ),
]


@dataclass(frozen=True, slots=True)
class Places:
    """Where a runtime listens, and where its data is."""

    ingress: tuple[str, int]
    admin: tuple[str, int]
    #: None for none.
    grpc: tuple[str, int] | None
    #: Whether somebody asked for this address; else it is left out when it cannot be had.
    is_grpc_wanted: bool
    directory: str

    @classmethod
    def read(cls, ingress: str | None, admin: str | None, grpc: str | None, directory: str | None) -> Places:
        """Take options, else the server's own environment variables, else the defaults.

        Raises:
            CommandError: an address is none.
        """
        host = os.environ.get("RESTATE_BIND_IP", "127.0.0.1")
        return cls(
            ingress=_address(ingress, f"{host}:{os.environ.get('RESTATE_INGRESS__BIND_PORT', '8080')}"),
            admin=_address(admin, f"{host}:{os.environ.get('RESTATE_ADMIN__BIND_PORT', '9070')}"),
            grpc=None if grpc == "off" else _address(grpc, DEFAULT_GRPC),
            is_grpc_wanted=grpc is not None,
            directory=directory or os.environ.get("RESTATE_BASE_DIR") or _DEFAULT_DIRECTORY,
        )


def _address(text: str | None, default: str) -> tuple[str, int]:
    # AWAKEN_INGRESS and AWAKEN_ADMIN are URLs to the commands that call them.
    text = text or default
    return parse_bind(parse_url(text, "a door").partition("://")[2] if "://" in text else text)


def run_embedded(
    places: Places,
    *,
    apps: Mapping[str, Accept],
    json_output: bool,
    is_quiet: bool,
    describe: Callable[[EmbeddedRuntime], str],
    until: Callable[[asyncio.Event], Awaitable[None]] | None = None,
    leave: Callable[[], None] = lambda: None,
) -> None:
    """Run the embedded runtime until SIGTERM or SIGINT, and wind up.

    Args:
        places: where.
        apps: applications of this process, by their stable names.
        json_output: print steps and addresses as JSON, a document a line.
        is_quiet: print no steps.
        describe: tells in a line what is served, once it runs.
        until: runs beside it, and may set the event that ends it.
        leave: called before the process ends with blocking actions that go on; it may replace the process.

    Raises:
        CommandError: the directory is in use, an address is taken, a setting does not parse.
        BrokenApplicationError: the application cannot be registered.
    """
    from awaken.hosting.event_loop import run_in_loop
    from awaken.runtime.deployments import RegistrationError
    from awaken.runtime.errors import StoreError

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = _read_settings()
    observer = None if is_quiet else _make_observer(json_output=json_output)

    async def main() -> None:
        from awaken.cli.links import set_up_links
        from awaken.hosting.embedded import EmbeddedRuntime

        embedded = EmbeddedRuntime(places.directory, apps=apps, settings=settings, observer=observer)
        # Before handlers run: they may hand out links, and nothing may be done that nobody could ask for.
        try:
            free = _check_addresses(places)
        except CommandError:
            embedded.crash()
            await embedded.cut()
            raise
        set_up_links(places.directory, f"http://{places.ingress[0]}:{places.ingress[1]}{CALLBACKS}")
        await embedded.start()
        try:
            await _serve(embedded, free, describe, until, json_output=json_output)
        finally:
            await embedded.stop()

    try:
        run_in_loop(main(), leave=leave)
    except StoreError as error:
        raise CommandError(f"{error} (--data-dir or AWAKEN_DATA_DIR)") from error
    except RegistrationError as error:
        raise BrokenApplicationError(f"the application cannot be served: {error}") from error


def _check_addresses(places: Places) -> Places:
    """See that the addresses can be had; leave gRPC out when nobody asked for its default address."""
    for option, (host, port) in (("--ingress", places.ingress), ("--admin", places.admin)):
        _check_address(option, host, port)
    if places.grpc is None:
        return places
    try:
        _check_address("--grpc", *places.grpc)
    except CommandError as error:
        if places.is_grpc_wanted:
            raise
        print_progress(f"awaken: no gRPC: {error}")
        return replace(places, grpc=None)
    return places


def _check_address(option: str, host: str, port: int) -> None:
    try:
        check_free(host, port)
    except OSError as error:
        raise CommandError(
            f"cannot listen on {host}:{port}: {error.strerror or error}; stop what uses the address, or choose "
            f"another one with {option}"
        ) from error


async def _serve(
    embedded: EmbeddedRuntime,
    places: Places,
    describe: Callable[[EmbeddedRuntime], str],
    until: Callable[[asyncio.Event], Awaitable[None]] | None,
    *,
    json_output: bool,
) -> None:
    from awaken.callbacks import create_callback_app
    from awaken.cli.links import set_up_links
    from awaken.hosting.runtime_server import RuntimeServer
    from awaken.hosting.signal_handler import SignalHandler
    from awaken.inbox import create_inbox

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    on_signal = _tell_stopping(SignalHandler(stop), stop)
    server = RuntimeServer(
        embedded.ingress,
        embedded.admin,
        ingress_bind=places.ingress,
        admin_bind=places.admin,
        beside_ingress={CALLBACKS: create_callback_app(operations=embedded.runtime)},
        beside_admin={INBOX: create_inbox(embedded.runtime)},
    )
    try:
        await server.open()
        # Now that a free port is known, when one was asked for.
        set_up_links(places.directory, f"{server.ingress_url}{CALLBACKS}")
    except OSError as error:
        raise CommandError(
            f"cannot listen: {error.strerror or error}; stop what uses the address, or choose another one with "
            "--ingress and --admin"
        ) from error
    try:
        async with _control(places, embedded.runtime) as grpc:
            for signum in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(signum, on_signal, signum)
            _announce(places, server, grpc, describe(embedded), json_output=json_output)
            async with asyncio.TaskGroup() as group:
                beside = None if until is None else group.create_task(_beside(until, stop))
                await stop.wait()
                if beside is not None:
                    beside.cancel()
    finally:
        await server.close()


def _tell_stopping(on_signal: SignalHandler, stop: asyncio.Event) -> Callable[[signal.Signals], None]:
    def take(signum: signal.Signals) -> None:
        if not stop.is_set():
            print_progress(
                "awaken: stopping, what is open goes on at the next start; Ctrl-C again stops at once"
            )
        on_signal(signum)

    return take


async def _beside(until: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    await until(stop)


@asynccontextmanager
async def _control(places: Places, operations: Operations) -> AsyncIterator[str | None]:
    """Serve gRPC in front of the runtime, unless the default address is taken; yield its address."""
    if places.grpc is None:
        yield None
        return
    from awaken.control.server import start_control_server

    host, port = places.grpc
    try:
        control = await start_control_server(operations, host=host, port=port)
    except OSError as error:
        if places.is_grpc_wanted:
            raise CommandError(f"{error}; choose another address with --grpc, or --grpc off") from error
        yield None
        return
    try:
        yield f"{host}:{control.port}"
    finally:
        await control.close()


def _announce(
    places: Places, server: RuntimeServer, grpc: str | None, served: str, *, json_output: bool
) -> None:
    if json_output:
        document = {
            "ingress": server.ingress_url,
            "admin": server.admin_url,
            "inbox": f"{server.admin_url}{INBOX}/",
            "grpc": grpc,
            "data_dir": places.directory,
            "pid": os.getpid(),
        }
        sys.stdout.write(json.dumps(document) + "\n")
    else:
        sys.stdout.write(
            f"awaken: {served}\n"
            f"awaken: data in {places.directory}, admin API on {server.admin_url}"
            f"{f', gRPC on {grpc}' if grpc else ''}\n"
            f"awaken: inbox on {server.admin_url}{INBOX}/\n"
            # Last, because scripts wait for it.
            f"awaken: ingress on {server.ingress_url}\n"
        )
    sys.stdout.flush()


def _make_observer(*, json_output: bool) -> Observer:
    from awaken.hosting.event_lines import EventLines, JsonEventLines

    return JsonEventLines() if json_output else EventLines()


def _read_settings() -> RuntimeSettings:
    from awaken.runtime.settings import RuntimeSettings

    try:
        return RuntimeSettings.from_environment(os.environ)
    except ValueError as error:
        raise CommandError(f"a setting in the environment does not parse: {error}") from error
