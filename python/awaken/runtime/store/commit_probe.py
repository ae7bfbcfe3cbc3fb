"""What tests may see of commits, and do to them."""

from __future__ import annotations

from typing import Protocol

__all__ = ["CommitProbe"]


class CommitProbe(Protocol):
    """Watches commits, and may make them fail, or abandon the store; for tests."""

    def before_commit(self) -> None:
        """Raise sqlite3.Error to make it fail."""
        ...

    def after_commit(self) -> None:
        """Note that the files hold a new state, before it is synced and anything that waits for it runs."""
        ...
