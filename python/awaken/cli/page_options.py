"""Options that say which names and pages may send requests, beside the addresses themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from awaken.cli.failures import UsageError

if TYPE_CHECKING:
    from awaken.hosting.allowed_pages import AllowedPages

__all__ = ["AllowHostOption", "AllowOriginOption", "read_pages"]

AllowHostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="NAME",
        envvar="AWAKEN_ALLOW_HOST",
        help="A further name by which clients may call this: a name, .example.org for all names of a domain, or * for "
        "any. May be repeated, or separated by commas.",
    ),
]
AllowOriginOption = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin",
        metavar="ORIGIN",
        envvar="AWAKEN_ALLOW_ORIGIN",
        help="An origin, such as https://app.example.org, whose pages may call this; * lets every page that a browser "
        "shows call it, as a Restate server does. May be repeated, or separated by commas.",
    ),
]


def read_pages(hosts: list[str] | None, origins: list[str] | None) -> AllowedPages:
    """Return what the options allow.

    Raises:
        CommandError: a value is not a name, or not an origin.
    """
    from awaken.hosting.allowed_pages import AllowedPages

    try:
        return AllowedPages.read(_split(hosts), _split(origins))
    except ValueError as error:
        raise UsageError(str(error)) from error


def _split(values: list[str] | None) -> list[str]:
    # Typer splits variables at spaces; hosts and origins have no commas.
    return [item for value in values or [] for item in value.replace(",", " ").split()]
