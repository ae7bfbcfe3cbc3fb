"""Errors of the runtime itself, rather than of a handler or a request."""

from __future__ import annotations

from awaken.control.errors import UnavailableError

__all__ = [
    "CommandRefusedError",
    "CommitUnknownError",
    "DirectoryInUseError",
    "RuntimeClosedError",
    "StoreError",
    "TransactionLostError",
]


class StoreError(UnavailableError):
    """The store could not be opened, read or written."""


class TransactionLostError(StoreError):
    """The store could not write. Nothing of the transaction was kept, and the runtime goes on from the file."""


class CommitUnknownError(StoreError):
    """The disk did not take what was committed. Whether it is kept shows when the disk works again."""


class DirectoryInUseError(StoreError):
    """Another process uses the data directory."""


class RuntimeClosedError(UnavailableError):
    """The runtime is stopping, or was not started."""


class CommandRefusedError(Exception):
    """A handler's command is not allowed for its kind, or calls what is not registered. The attempt is retried.

    Args:
        message: what was refused, and why.
        reason: the documented code of the server, for example RT0018.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
