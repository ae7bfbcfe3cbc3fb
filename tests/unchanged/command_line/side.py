"""One of the two sides on which a scenario is played."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.e2e.ingress import Client
    from tests.unchanged.command_line.command_line import CommandLine, Outcome


class Side(Protocol):
    """What scenarios do. They must not depend on results: the same commands run on every side."""

    def run(self, command: str, *, editor: str | None = None) -> None:
        """Run a command; `editor` is a `sed` expression that its editor applies to the file."""
        ...

    def start(self, name: str, target: str, *, until: str, argument: object = ...) -> None:
        """Send an invocation, call it `name`, and wait until it has this status."""
        ...

    def send(self, target: str, *, times: int) -> None:
        """Send invocations, and do not wait."""
        ...

    def until(self, name: str, status: str) -> None:
        """Wait until the invocation called `name` has this status."""
        ...

    def call(self, target: str, argument: object = ...) -> None:
        """Call a handler."""
        ...

    def register(self, name: str, url: str) -> None:
        """Register the endpoint whose address is called `url`, and call the deployment `name`."""
        ...


class RealSide:
    """Plays on a runtime, and keeps what the commands did.

    Args:
        command_line: runs them.
        client: does the rest.
        names: ids and addresses, to which the scenario adds its own.
        directory: for its editors.
    """

    def __init__(
        self, command_line: CommandLine, client: Client, names: Mapping[str, str], directory: Path
    ) -> None:
        self.names = dict(names)
        self.outcomes: list[Outcome] = []
        self._command_line = command_line
        self._client = client
        self._directory = directory

    def run(self, command: str, *, editor: str | None = None) -> None:
        environment = {} if editor is None else {"EDITOR": str(self._editor(editor))}
        self.outcomes.append(self._command_line.run(command, self.names, environment=environment))

    def start(self, name: str, target: str, *, until: str, argument: object = ...) -> None:
        self.names[name] = self._client.send(target, argument)
        self.until(name, until)

    def send(self, target: str, *, times: int) -> None:
        for _ in range(times):
            self._client.send(target)

    def until(self, name: str, status: str) -> None:
        self._client.wait_for_status(self.names[name], (status,))

    def call(self, target: str, argument: object = ...) -> None:
        self._client.call(target, argument)

    def register(self, name: str, url: str) -> None:
        self.names[name] = self._client.register(self.names[url], use_http_11=False)

    def _editor(self, expression: str) -> Path:
        path = self._directory / f"editor-{uuid4()}"
        path.write_text(f"#!/bin/sh\nexec sed -i '{expression}' \"$1\"\n")
        path.chmod(0o755)
        return path


class ImaginedSide:
    """Does nothing, and keeps the commands: for the question which subcommands and options are tried."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    def run(self, command: str, *, editor: str | None = None) -> None:
        self.commands.append(command)

    def start(self, name: str, target: str, *, until: str, argument: object = ...) -> None:
        """Ignored."""

    def send(self, target: str, *, times: int) -> None:
        """Ignored."""

    def until(self, name: str, status: str) -> None:
        """Ignored."""

    def call(self, target: str, argument: object = ...) -> None:
        """Ignored."""

    def register(self, name: str, url: str) -> None:
        """Ignored."""
