"""Failures of agents that no attempt can repair."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic_ai.exceptions import UnexpectedModelBehavior, UsageLimitExceeded

from awaken.errors import TerminalError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["lasting_failures"]


@contextmanager
def lasting_failures() -> Iterator[None]:
    """Have the invocation end with errors that come from answers of the model, unless the handler catches them.

    The answers are in the journal, so that every other attempt would fail in the same way. Pydantic AI's errors stay as
    they are, with a terminal error as what is behind them, which an endpoint looks for.
    """
    try:
        yield
    except (UnexpectedModelBehavior, UsageLimitExceeded) as error:
        last: BaseException = error
        while last.__cause__ is not None:
            last = last.__cause__
        if not isinstance(last, TerminalError):
            last.__cause__ = TerminalError(f"{type(error).__name__}: {error}")
        raise
