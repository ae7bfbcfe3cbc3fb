"""Which of the errors in causes and groups decides how an attempt ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awaken.endpoint import error_fields, misuse, official
from awaken.errors import RetryableError, SdkInternalBaseException, TerminalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["culprit_of"]


def culprit_of(error: BaseException) -> BaseException:
    """Return the error that decides how an attempt ends.

    A terminal, retryable or internal error decides for the errors that it caused. A group is terminal if all its
    members are; then its first error counts. One member that may succeed next time has the whole group retried, and one
    that only unwinds an attempt shows that the handler had not finished.
    """
    parts = list(_parts(error))
    for kind in (SdkInternalBaseException, RetryableError):
        for part in parts:
            if isinstance(part, kind):
                return _refused_delay(part) or part
    is_terminal = bool(parts) and all(isinstance(part, TerminalError) for part in parts)
    return parts[0] if is_terminal else error


def _parts(error: BaseException) -> Iterator[BaseException]:
    """Yield what decides in each member of nested groups, else the member: both causes and groups may be cyclic."""
    pending = [(error, error)]
    seen: set[int] = set()
    while pending and len(seen) < 1000:
        member, current = pending.pop(0)
        if id(current) in seen:
            yield member
            continue
        seen.add(id(current))
        if isinstance(current, (TerminalError, RetryableError, SdkInternalBaseException)):
            yield current
        elif (refused := official.refused_error(current)) is not None:
            yield refused
        elif isinstance(current, BaseExceptionGroup):
            pending[:0] = [(inner, inner) for inner in current.exceptions]
        elif current.__cause__ is not None:
            pending.insert(0, (member, current.__cause__))
        else:
            yield misuse.misuse_in(current) or member


def _refused_delay(error: BaseException) -> UsageError | None:
    """Return what is wrong with the delay that an error asks for."""
    try:
        error_fields.retry_delay_ms(error)
    except UsageError as refusal:
        return refusal
    return None
