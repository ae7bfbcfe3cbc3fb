"""Resumes invocations, and pauses those first that are to go on elsewhere and do not rest."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from awaken.control.errors import ConflictError, OperationError
from awaken.control.reads import find_invocation

if TYPE_CHECKING:
    from awaken.control.remote import RemoteOperations

__all__ = ["resume"]

#: Statuses in which a runtime lets no other deployment have an invocation.
_BUSY: Final = ("ready", "running", "backing-off")
#: Seconds until an attempt must have ended. One that computes or blocks does not end when it is asked to pause.
_LONGEST_PAUSE: Final = 30.0
_POLL: Final = 0.1


async def resume(runtime: RemoteOperations, invocation_id: str, deployment: str | None) -> str | None:
    """Resume an invocation, perhaps on another deployment.

    Runtimes move an invocation only while it is paused or suspended. So one that is running or backing off is paused
    first; if it cannot be moved then, it goes on where it was.

    Args:
        runtime: where it is.
        invocation_id: whole.
        deployment: `latest`, `keep` or an id; None is `keep`.

    Returns:
        The status that made a pause necessary; None if it was not paused.

    Raises:
        OperationError: the runtime refuses, or an attempt does not pause.
    """
    try:
        await runtime.resume(invocation_id, deployment)
    except ConflictError:
        status = await _status(runtime, invocation_id)
        if deployment in (None, "keep") or status not in _BUSY:
            raise
    else:
        return None
    await _pause(runtime, invocation_id)
    try:
        await runtime.resume(invocation_id, deployment)
    except OperationError:
        await runtime.resume(invocation_id, None)
        raise
    return status


async def _pause(runtime: RemoteOperations, invocation_id: str) -> None:
    deadline = time.monotonic() + _LONGEST_PAUSE
    await runtime.pause(invocation_id)
    while (status := await _status(runtime, invocation_id)) in _BUSY:
        if time.monotonic() > deadline:
            raise ConflictError(
                f"it is still {status} {_LONGEST_PAUSE:g} s after it was asked to pause, and was not moved; a handler "
                "that computes or blocks pauses at its next await: try again then, or end its process"
            )
        await asyncio.sleep(_POLL)


async def _status(runtime: RemoteOperations, invocation_id: str) -> str:
    return str((await find_invocation(runtime, invocation_id, ("status",)))["status"])
