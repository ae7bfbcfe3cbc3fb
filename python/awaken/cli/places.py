"""Where the embedded runtime listens and stores its data: options of `awaken dev` and `awaken runtime`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from awaken.cli.addresses import check_address, parse_bind, parse_url
from awaken.cli.failures import CommandError
from awaken.cli.output import print_progress
from awaken.cli.settings import DEFAULT_GRPC

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CALLBACKS",
    "INBOX",
    "AdminBindOption",
    "CallbacksOption",
    "DataDirOption",
    "GrpcOption",
    "IngressBindOption",
    "Places",
    "check_addresses",
    "directory_of",
]

_DEFAULT_DIRECTORY: Final = ".awaken"
_DEFAULT_HOST: Final = "127.0.0.1"

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
CallbacksOption = Annotated[
    str | None,
    typer.Option(
        "--callbacks",
        metavar="HOST:PORT",
        envvar="AWAKEN_CALLBACK_BIND",
        help="Serve signed links on an address of their own, which you can publish without the ingress.",
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
    #: None serves links beside the ingress.
    callbacks: tuple[str, int] | None = None

    @classmethod
    def read(
        cls,
        ingress: str | None,
        admin: str | None,
        grpc: str | None,
        directory: str | None,
        callbacks: str | None,
        names: Mapping[str, str],
    ) -> Places:
        """Read options, else the settings of the Restate server, else the defaults.

        Args:
            ingress: `--ingress`.
            admin: `--admin`.
            grpc: `--grpc`.
            directory: `--data-dir`.
            callbacks: `--callbacks`.
            names: the server's settings by their names.

        Raises:
            CommandError: an address is malformed.
        """
        return cls(
            ingress=_address(ingress, _default_bind(names, "INGRESS", 8080)),
            admin=_address(admin, _default_bind(names, "ADMIN", 9070)),
            grpc=None if grpc == "off" else _address(grpc, DEFAULT_GRPC),
            is_grpc_requested=grpc is not None,
            directory=directory_of(directory, names),
            callbacks=parse_bind(callbacks) if callbacks else None,
        )


def directory_of(option: str | None, names: Mapping[str, str]) -> str:
    """Return the data directory: the option, else the Restate server's own setting, else the default."""
    return option or names.get("RESTATE_BASE_DIR") or _DEFAULT_DIRECTORY


def _default_bind(names: Mapping[str, str], interface: str, port: int) -> str:
    """Return the address that the Restate server's settings choose; as there, the whole address counts most."""
    address = names.get(f"RESTATE_{interface}__BIND_ADDRESS")
    if address:
        return address
    host = names.get(f"RESTATE_{interface}__BIND_IP") or names.get("RESTATE_BIND_IP") or _DEFAULT_HOST
    is_random = names.get(f"RESTATE_{interface}__USE_RANDOM_PORTS") or names.get("RESTATE_USE_RANDOM_PORTS")
    named = names.get(f"RESTATE_{interface}__BIND_PORT") or (0 if is_random == "true" else port)
    return f"[{host}]:{named}" if ":" in host else f"{host}:{named}"


def _address(text: str | None, default: str) -> tuple[str, int]:
    # Commands that call a runtime read URLs from the same variables, AWAKEN_INGRESS and AWAKEN_ADMIN.
    text = text or default
    return parse_bind(parse_url(text, "a runtime").partition("://")[2] if "://" in text else text)


def check_addresses(places: Places) -> Places:
    """Check that the addresses are free; leave gRPC out if its default address is in use.

    Raises:
        CommandError: an address that was asked for is in use, or does not belong to this machine.
    """
    wanted = {"--ingress": places.ingress, "--admin": places.admin, "--callbacks": places.callbacks}
    for option, address in wanted.items():
        if address is not None:
            check_address(option, *address)
    if places.grpc is None:
        return places
    try:
        check_address("--grpc", *places.grpc)
    except CommandError as error:
        if places.is_grpc_requested:
            raise
        print_progress(f"awaken: no gRPC: {error}")
        return replace(places, grpc=None)
    return places
