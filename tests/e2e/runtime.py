"""What the suite needs from any runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Runtime(Protocol):
    """A runtime with its own ports and directory."""

    @property
    def ingress_url(self) -> str:
        """URL of the ingress."""
        ...

    @property
    def admin_url(self) -> str:
        """URL of the admin API."""
        ...

    @property
    def log(self) -> str:
        """The output so far."""
        ...

    def start(self) -> None:
        """Start on the directory, which need not be empty, and return when the runtime responds."""
        ...

    def stop(self) -> None:
        """Stop in an orderly way."""
        ...

    def kill(self) -> None:
        """Kill the runtime, as a power cut would, unless it has ended already."""
        ...


class RuntimeFactory(Protocol):
    """Makes a runtime, without starting it; settings are the server's environment variables."""

    def __call__(self, directory: Path, settings: Mapping[str, str]) -> Runtime: ...
