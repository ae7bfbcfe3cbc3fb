"""What a send gives back."""

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
        invocation_id: what `attach`, `output` and `cancel` take.
        status_code: of the answer, 202.
        is_new: False when the idempotency key, or the workflow's run, was there already.
        execution_time: when a delayed invocation starts; None for one that starts at once.
    """

    invocation_id: str
    status_code: int
    is_new: bool = True
    execution_time: datetime | None = None
