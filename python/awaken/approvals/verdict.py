"""What a handler gets for an approval: the answer that decided, who gave it, and all that counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from awaken.approvals.answered import Via  # noqa: TC001 -- the annotations of public types are read at run time

__all__ = ["Approval", "Verdict", "VerdictAnswer", "moment_of"]

T = TypeVar("T")


@dataclass
class Approval:
    """Yes or no, and a comment for whoever asked."""

    approved: bool
    comment: str = ""

    def __bool__(self) -> bool:
        return self.approved


@dataclass(frozen=True, slots=True)
class VerdictAnswer(Generic[T]):
    """One answer that counts."""

    #: None if the person rejected without an answer; a rejection of an `Approval` is one with `approved=False`.
    answer: T | None
    #: Who gave it; None if that is not known.
    by: str | None
    #: When, by the clock of the door; None if that is not known.
    at: datetime | None
    #: The door: `link`, `inbox`, `slack` or `api`.
    via: Via
    #: Why it was rejected, if there is no answer.
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict(Generic[T]):
    """What an approval came to. It is true if it was approved, so that `if await ctx.approve(...)` means that."""

    #: Whether enough people approved.
    approved: bool
    #: The answer that decided, or what `on_expiry` says.
    answer: T
    #: Who gave it; None if that is not known, or if nobody did in time.
    by: str | None
    #: When; None if that is not known.
    at: datetime | None
    #: The door: `link`, `inbox`, `slack`, `api`, or `expiry` if nobody answered in time.
    via: Via
    #: All answers that count, in order.
    answers: tuple[VerdictAnswer[T], ...] = ()

    def __bool__(self) -> bool:
        return self.approved


def moment_of(milliseconds: int | None) -> datetime | None:
    """Return UTC milliseconds as a datetime; None if they are not known, or no date has them."""
    try:
        return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
