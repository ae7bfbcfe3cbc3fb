"""Errors of Pydantic AI that no attempt can repair."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pydantic_ai.exceptions import UnexpectedModelBehavior, UsageLimitExceeded

from awaken.ext.failures import end_invocation_with

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["lasting_failures"]


@contextmanager
def lasting_failures() -> Iterator[None]:
    """Have the invocation end with errors that come from answers of the model, unless the handler catches them."""
    try:
        yield
    except (UnexpectedModelBehavior, UsageLimitExceeded) as error:
        end_invocation_with(error)
        raise
