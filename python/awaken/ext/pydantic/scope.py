"""Where an agent is durable: in a handler, outside of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.context.extensions import current_context
from awaken.ext.contexts import is_in_run

if TYPE_CHECKING:
    from awaken.context.context import Context

__all__ = ["durable_context"]


def durable_context() -> Context | None:
    """Return the context to issue commands with, or None where a framework works as it does without this package.

    That is outside of handlers, in tests and scripts, and inside the action of a run, which is one side effect as a
    whole: an agent in a tool that is itself a run makes no entries of its own.
    """
    return None if is_in_run() else current_context()
