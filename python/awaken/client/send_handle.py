"""What a send returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["RestateClientSendHandle"]


@dataclass(frozen=True, slots=True)
class RestateClientSendHandle:
    """An invocation that was started, now or for later.

    Args:
        invocation_id: the id to pass to `attach`, `output` and `cancel`.
        status_code: the HTTP status of the response, 202.
        is_new: False if the idempotency key was used before, or the workflow already runs under its key.
        execution_time: when a delayed invocation starts; None if it starts at once.
    """

    invocation_id: str
    status_code: int
    is_new: bool = True
    execution_time: datetime | None = None
