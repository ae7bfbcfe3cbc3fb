"""Failures of agents that no attempt can repair."""

from __future__ import annotations

from awaken.errors import TerminalError

__all__ = ["end_invocation_with"]


def end_invocation_with(error: BaseException) -> None:
    """Have the invocation end with an error that follows from the journal, unless the handler catches it.

    Answers of models are in the journal, so every other attempt would fail in the same way. The error of the framework
    stays as it is, with a terminal error as its first cause, which an endpoint looks for.

    Args:
        error: of the framework; whoever calls this raises it.
    """
    first = error
    while first.__cause__ is not None:
        first = first.__cause__
    if not isinstance(first, TerminalError):
        first.__cause__ = TerminalError(f"{type(error).__name__}: {error}")
