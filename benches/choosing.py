"""Reads which subjects of a benchmark somebody named."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["choose"]

T = TypeVar("T")


def choose(what: str, names: Sequence[str] | None, known: Mapping[str, T]) -> list[T]:
    """Return what the names stand for, in their order; all without names.

    Raises:
        typer.BadParameter: a name is not known.
    """
    if unknown := set(names or ()) - known.keys():
        raise typer.BadParameter(
            f"unknown {what} {', '.join(sorted(unknown))}; choose from {'; '.join(known)}"
        )
    return [known[name] for name in dict.fromkeys(names or known)]
