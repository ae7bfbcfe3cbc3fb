"""A runtime in its situation, once per kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from tests.unchanged.command_line.side import RealSide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.e2e.ingress import Client
    from tests.unchanged.command_line.command_line import CommandLine
    from tests.unchanged.command_line.side import Side

T = TypeVar("T")


class Prepared(NamedTuple):
    """A runtime in its situation, and a command line to look at it."""

    command_line: CommandLine
    client: Client
    names: Mapping[str, str]

    def play(self, scenario: Callable[[Side], None], directory: Path) -> RealSide:
        """Play a scenario, and return the side with what its commands did."""
        side = RealSide(self.command_line, self.client, self.names, directory)
        scenario(side)
        return side


class Pair(NamedTuple, Generic[T]):
    """The same of both runtimes."""

    server: T
    embedded: T
