"""What a handler gets that goes on after its attempt, past every error that told it so.

Code that swallows each error and tries again would never leave the loop to other streams. So its commands go nowhere
from some point on, and awaiting their results waits for ever, which costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DISCARDED_COMMANDS"]

#: Answers of commands that do not return one handle.
_ANSWERS: dict[str, Any] = {"awakeable": ("", 0), "call": (0, 0)}


class _DiscardedCommands:
    """Takes every command of an endpoint machine and does nothing."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *_, **__: _ANSWERS.get(name, 0)


DISCARDED_COMMANDS = _DiscardedCommands()
