"""Which modules have the types of answers: the inbox and gRPC know them, and never import what a journal names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TypesOption", "know_types"]

TypesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--types",
        metavar="MODULE",
        envvar="AWAKEN_TYPES",
        help="A module to import for the types of answers, which forms and gRPC then check. May be repeated.",
    ),
]


def know_types(modules: Sequence[str] | None) -> None:
    """Import modules, and let the types in their packages be known.

    Raises:
        BrokenApplicationError: a module does not exist, or importing it fails.
    """
    from awaken.cli.loading import load_module
    from awaken.links import add_type_module

    for name in modules or ():
        load_module(name)
        add_type_module(name)
