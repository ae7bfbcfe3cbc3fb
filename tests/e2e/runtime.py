"""What the suite needs from a runtime, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Runtime(Protocol):
    """The other side of the protocol, on its own ports and in its own directory."""

    @property
    def ingress_url(self) -> str:
        """Where callers enter."""
        ...

    @property
    def admin_url(self) -> str:
        """Where deployments are registered and invocations are managed."""
        ...

    @property
    def log(self) -> str:
        """What it wrote so far."""
        ...

    def start(self) -> None:
        """Start on the directory, empty or not, and return when it answers."""
        ...

    def stop(self) -> None:
        """Stop in an orderly way."""
        ...

    def kill(self) -> None:
        """Die at once, as in a power cut. Fine when it does not run."""
        ...


class RuntimeFactory(Protocol):
    """Makes a runtime, not started yet; settings have the names of the server's environment variables."""

    def __call__(self, directory: Path, settings: Mapping[str, str]) -> Runtime: ...
