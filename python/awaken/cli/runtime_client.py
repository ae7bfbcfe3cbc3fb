"""Runs a command's operations against a runtime, and explains how they fail."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final, TypeVar

from awaken.cli.failures import CommandError, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from awaken.control.remote import RemoteOperations

__all__ = ["check_invocation_id", "explain", "find_invocation_id", "talk"]

R = TypeVar("R")

#: Characters of an invocation id.
_ID_LENGTH: Final = 38
#: Fewer characters name one invocation by chance only.
_LEAST_BEGINNING: Final = 9
#: How an invocation id begins, perhaps with the ellipsis that tables put behind it.
_BEGINNING: Final = re.compile(
    f"(inv_1[0-9A-Za-z]{{{_LEAST_BEGINNING - 5},{_ID_LENGTH - 6}}})(?:…|\\.\\.\\.)?"
)
#: Ids in the error about a beginning that several have.
_MOST_SHOWN: Final = 3

#: What to do, by the name that `UnreachableError` gives an interface of a runtime.
_OPTIONS: Final = {
    "ingress": "name its ingress with --ingress or AWAKEN_INGRESS",
    "admin API": "name its admin API with --admin or AWAKEN_ADMIN",
}


def talk(
    work: Callable[[RemoteOperations], Awaitable[R]],
    *,
    ingress: Sequence[str] | None = None,
    admin: Sequence[str] | None = None,
) -> R:
    """Run one or several operations against a runtime and return the result.

    Args:
        work: what to do with the runtime.
        ingress: URL of its ingress, if the work needs it; of a cluster, those of several nodes.
        admin: URL of its admin API, if the work needs it; likewise.

    Raises:
        CommandError: the runtime cannot be reached, or refuses.
    """
    return asyncio.run(_talk(work, ingress, admin))


async def _talk(
    work: Callable[[RemoteOperations], Awaitable[R]],
    ingress: Sequence[str] | None,
    admin: Sequence[str] | None,
) -> R:
    from awaken.control.errors import OperationError
    from awaken.control.remote import connect_runtime
    from awaken.errors import InvalidIdError

    try:
        runtime = connect_runtime(ingress, admin)
    except ValueError as error:
        raise CommandError(str(error)) from error
    try:
        return await work(runtime)
    except InvalidIdError as error:
        raise UsageError(explain(error)) from error
    except OperationError as error:
        raise CommandError(explain(error)) from error
    finally:
        await runtime.close()


def explain(error: Exception) -> str:
    """Return why an operation failed, and which option to change if one may be wrong."""
    from awaken.control.errors import UnreachableError

    if isinstance(error, UnreachableError):
        return f"nothing answers at {error.url} ({error.reason}); start the runtime, or {_OPTIONS[error.interface]}"
    return " ".join(str(error).split())


def check_invocation_id(text: str) -> None:
    """Check that a text is an invocation id, or how one may begin.

    Raises:
        CommandError: it is neither.
    """
    from awaken import _core
    from awaken.errors import InvalidIdError

    if _BEGINNING.fullmatch(text):
        return
    try:
        _core.parse_invocation_id(text)
    except InvalidIdError as error:
        raise UsageError(
            f"{text!r} is not an invocation id ({error}); it begins with inv_1 and is {_ID_LENGTH} characters long: "
            "copy it from an answer's x-restate-id or from `awaken invocations list`; its first characters are "
            f"enough, at least {_LEAST_BEGINNING}"
        ) from error


async def find_invocation_id(runtime: RemoteOperations, text: str) -> str:
    """Return the id of the only invocation whose id begins with a text; a whole id is returned as it is.

    Raises:
        NotFoundError: there is none.
        ConflictError: there are several.
    """
    from awaken.control.errors import ConflictError, NotFoundError
    from awaken.control.sql import quote_sql, select

    beginning = _BEGINNING.fullmatch(text)
    if beginning is None:
        return text
    first, last = quote_sql(beginning[1]), quote_sql(f"{beginning[1]}~")  # a character after those of ids
    conditions = [f"id >= {first}", f"id < {last}"]
    rows = await runtime.ask(
        select(["id"], "sys_invocation_status", conditions, order="id", limit=_MOST_SHOWN + 1)
    )
    ids = [str(row["id"]) for row in rows]
    if not ids:
        raise NotFoundError(f"no invocation has an id that begins with {beginning[1]}")
    if len(ids) > 1:
        shown = ", ".join(ids[:_MOST_SHOWN]) + (", and others" if len(ids) > _MOST_SHOWN else "")
        raise ConflictError(f"more than one invocation has an id that begins with {beginning[1]}: {shown}")
    return ids[0]
