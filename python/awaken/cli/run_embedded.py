"""Runs the embedded runtime as a process, for `awaken dev` and `awaken runtime`."""

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

#: Path on the ingress to which links lead; below a reserved name, so that no service can have it.
CALLBACKS: Final = "/restate/callbacks"
#: Path of the inbox on the admin API.
INBOX: Final = "/ui"

IngressBindOption = Annotated[
    str | None,
    typer.Option(
        "--ingress",
        metavar="HOST:PORT",
        envvar="AWAKEN_INGRESS",
        help="Address of the ingress, which callers use; port 0 picks a free one.  [default: 127.0.0.1:8080]",
    ),
]
AdminBindOption = Annotated[
    str | None,
    typer.Option(
        "--admin",
        metavar="HOST:PORT",
        envvar="AWAKEN_ADMIN",
        help="Address of the admin API, which operators use.  [default: 127.0.0.1:9070]",
    ),
]
GrpcOption = Annotated[
    str | None,
    typer.Option(
        "--grpc",
        metavar="HOST:PORT",
        envvar="AWAKEN_GRPC",
        help="Address of the gRPC control plane, or `off`.  [default: 127.0.0.1:9071]",
    ),
]
DataDirOption = Annotated[
    str | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        envvar="AWAKEN_DATA_DIR",
        help="Where to store the data.  [default: .awaken]",
    ),
]


@dataclass(frozen=True, slots=True)
class Places:
    """Where a runtime listens, and where it stores its data."""

    ingress: tuple[str, int]
    admin: tuple[str, int]
    #: None serves no gRPC.
    grpc: tuple[str, int] | None
    #: Whether the user asked for this address. The default one is left out if it is in use.
    is_grpc_requested: bool
    directory: str

    @classmethod
    def read(cls, ingress: str | None, admin: str | None, grpc: str | None, directory: str | None) -> Places:
        """Read options, else the Restate server's own environment variables, else the defaults.

        Raises:
            CommandError: an address is malformed.
        """
        host = os.environ.get("RESTATE_BIND_IP", "127.0.0.1")
        return cls(
            ingress=_address(ingress, f"{host}:{os.environ.get('RESTATE_INGRESS__BIND_PORT', '8080')}"),
            admin=_address(admin, f"{host}:{os.environ.get('RESTATE_ADMIN__BIND_PORT', '9070')}"),
            grpc=None if grpc == "off" else _address(grpc, DEFAULT_GRPC),
            is_grpc_requested=grpc is not None,
            directory=directory or os.environ.get("RESTATE_BASE_DIR") or _DEFAULT_DIRECTORY,
        )


def _address(text: str | None, default: str) -> tuple[str, int]:
    # Commands that call a runtime read URLs from the same variables, AWAKEN_INGRESS and AWAKEN_ADMIN.
    text = text or default
    return parse_bind(parse_url(text, "a runtime").partition("://")[2] if "://" in text else text)


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
    """Run the embedded runtime until SIGTERM or SIGINT, then stop it.

    Args:
        places: where it listens and stores its data.
        apps: applications of this process, by their stable names.
        json_output: print steps and addresses as JSON, one document per line.
        is_quiet: print no steps.
        describe: returns a line that says what is served, once the runtime has started.
        until: runs beside the runtime, and may set the event that stops it.
        leave: called before the process ends while blocking actions still run; it may replace the process.

    Raises:
        CommandError: the directory or an address is in use, or a setting is malformed.
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
        # Before handlers run: they may hand out links, and must not run in a process that cannot serve.
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
    """Check that the addresses are free; leave gRPC out if its default address is in use."""
    for option, (host, port) in (("--ingress", places.ingress), ("--admin", places.admin)):
        _check_address(option, host, port)
    if places.grpc is None:
        return places
    try:
        _check_address("--grpc", *places.grpc)
    except CommandError as error:
        if places.is_grpc_requested:
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
    on_signal = _announcing_stop(SignalHandler(stop), stop)
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
        # Again, now that the port is known, if port 0 asked for a free one.
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


def _announcing_stop(on_signal: SignalHandler, stop: asyncio.Event) -> Callable[[signal.Signals], None]:
    def take(signum: signal.Signals) -> None:
        if not stop.is_set():
            print_progress(
                "awaken: stopping; open invocations continue at the next start (Ctrl-C again stops at once)"
            )
        on_signal(signum)

    return take


async def _beside(until: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    await until(stop)


@asynccontextmanager
async def _control(places: Places, operations: Operations) -> AsyncIterator[str | None]:
    """Serve gRPC and yield its address; yield None without gRPC, or if its default address is in use."""
    if places.grpc is None:
        yield None
        return
    from awaken.control.server import start_control_server

    host, port = places.grpc
    try:
        control = await start_control_server(operations, host=host, port=port)
    except OSError as error:
        if places.is_grpc_requested:
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
        raise CommandError(f"a setting in the environment is invalid: {error}") from error
