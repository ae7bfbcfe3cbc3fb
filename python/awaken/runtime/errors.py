"""What goes wrong in the runtime itself, rather than in a handler or a request."""

from __future__ import annotations

from awaken.control.errors import UnavailableError

__all__ = ["CommandRefusedError", "DirectoryInUseError", "RuntimeClosedError", "StoreError"]


class StoreError(UnavailableError):
    """The store could not write; nothing of this turn was kept, and nobody was told otherwise."""


class DirectoryInUseError(StoreError):
    """Another process has the data directory."""


class RuntimeClosedError(UnavailableError):
    """The runtime stops, or was never started."""


class CommandRefusedError(Exception):
    """A handler asked for what its kind, or what is registered, does not allow. Its attempt fails and is retried.

    Args:
        message: what and why.
        reason: the documented code of the server, for example RT0018.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
