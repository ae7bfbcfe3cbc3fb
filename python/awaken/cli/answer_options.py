"""What a process knows of answers to applications that run elsewhere: modules with their types, and their codec.

Neither is ever imported because a journal names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from awaken.cli.failures import BrokenApplicationError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.control.operations import AnswerCodec

__all__ = ["CodecOption", "EveryService", "TypesOption", "know_types", "read_codec"]

TypesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--types",
        metavar="MODULE",
        envvar="AWAKEN_TYPES",
        help="A module to import for the types of answers, which forms and gRPC then check. May be repeated.",
    ),
]
CodecOption = Annotated[
    str | None,
    typer.Option(
        "--codec",
        metavar="MODULE:NAME",
        envvar="AWAKEN_JOURNAL_VALUE_CODEC",
        help="The journal value codec of all applications, with which answers from forms, links and gRPC are encoded.",
    ),
]


def know_types(modules: Sequence[str] | None) -> None:
    """Import modules, and let the types in their packages be known.

    Raises:
        UsageError: a text is not the name of a module.
        BrokenApplicationError: a module does not exist, or importing it fails.
    """
    from awaken.cli.loading import load_module
    from awaken.links import add_type_module

    for name in modules or ():
        if not all(part.isidentifier() for part in name.split(".")) or name.endswith(".py"):
            raise UsageError(
                f"--types: {name!r} is not the name of a module; write it as in an import, expenses.models"
            )
        load_module(name)
        add_type_module(name)


def read_codec(target: str | None) -> AnswerCodec | None:
    """Load a codec, or the provider of one.

    Raises:
        CommandError: the target is not MODULE:NAME.
        BrokenApplicationError: it does not exist, or is no codec.
    """
    if target is None:
        return None
    from awaken.cli.loading import load_object
    from awaken.serde.codec_source import CodecSource

    try:
        return CodecSource(load_object(target))
    except TypeError as error:
        raise BrokenApplicationError(f"--codec: {target} is no journal value codec: {error}") from error


class EveryService(Mapping[str, "AnswerCodec"]):
    """One codec for whatever service there is."""

    def __init__(self, codec: AnswerCodec) -> None:
        self._codec = codec

    def __getitem__(self, service: str) -> AnswerCodec:
        """Return the codec."""
        return self._codec

    def __iter__(self) -> Iterator[str]:
        """Iterate over nothing: which services there are is not known here."""
        return iter(())

    def __len__(self) -> int:
        """Return zero, likewise."""
        return 0
