"""Runs a command's operations against a runtime, and explains how they fail."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from awaken.cli.failures import CommandError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.control.remote import RemoteOperations

__all__ = ["check_invocation_id", "explain", "talk"]

R = TypeVar("R")

#: What to do, by the name that `UnreachableError` gives an interface of a runtime.
_OPTIONS: Final = {
    "ingress": "name its ingress with --ingress or AWAKEN_INGRESS",
    "admin API": "name its admin API with --admin or AWAKEN_ADMIN",
}


def talk(
    work: Callable[[RemoteOperations], Awaitable[R]], *, ingress: str | None = None, admin: str | None = None
) -> R:
    """Run one or several operations against a runtime and return the result.

    Args:
        work: what to do with the runtime.
        ingress: URL of its ingress, if the work needs it.
        admin: URL of its admin API, if the work needs it.

    Raises:
        CommandError: the runtime cannot be reached, or refuses.
    """
    return asyncio.run(_talk(work, ingress, admin))


async def _talk(
    work: Callable[[RemoteOperations], Awaitable[R]], ingress: str | None, admin: str | None
) -> R:
    from awaken.control.errors import OperationError
    from awaken.control.remote import connect_runtime
    from awaken.errors import InvalidIdError

    runtime = connect_runtime(ingress, admin)
    try:
        return await work(runtime)
    except (OperationError, InvalidIdError) as error:
        raise CommandError(explain(error)) from error
    finally:
        await runtime.close()


def explain(error: Exception) -> str:
    """Return why an operation failed, and which option to change if one may be wrong."""
    from awaken.control.errors import UnreachableError

    if isinstance(error, UnreachableError):
        return f"nothing answers at {error.url} ({error.reason}); start the runtime, or {_OPTIONS[error.interface]}"
    return " ".join(str(error).split())


def check_invocation_id(text: str) -> str:
    """Return the id if it is well-formed.

    Raises:
        CommandError: the id is malformed.
    """
    from awaken import _core
    from awaken.errors import InvalidIdError

    try:
        _core.parse_invocation_id(text)
    except InvalidIdError as error:
        raise CommandError(
            f"{text!r} is not an invocation id ({error}); it begins with inv_1 and is 38 characters long: "
            "copy it whole, from an answer's x-restate-id or from `awaken invocations list`"
        ) from error
    return text
