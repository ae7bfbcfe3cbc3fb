"""`/internal/invocations_batch_operations/<change>`: one change to many invocations, which the command line sends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import msgspec

from awaken import _core
from awaken.control.errors import NotFoundError, OperationError, UnavailableError
from awaken.errors import InvalidIdError
from awaken.runtime.admin.answers import AdminError, UnreadableError, answer_json
from awaken.runtime.admin.reading import read_deployment
from awaken.runtime.identifiers import reason_against_invocation_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import Operations
    from awaken.runtime.admin.reading import Bodies

__all__ = ["BatchRoutes"]

#: Invocations of one request, as on the server.
_MAX_SIZE: Final = 1_000
#: The changes after which an invocation goes on, on a deployment that may be given.
_CONTINUING: Final = frozenset(("resume", "restart-as-new"))


class _Batch(msgspec.Struct):
    invocation_ids: list[str]


class _Continued(_Batch):
    deployment: str | None = None


class BatchRoutes:
    """Answers the routes about many invocations.

    Attributes:
        changes: what can be done to them, by the last part of the path.
    """

    def __init__(self, operations: Operations, bodies: Bodies) -> None:
        self._read_json = bodies.read_json
        self.changes: Mapping[str, Callable[[str, str | None], Awaitable[object]]] = {
            "cancel": lambda invocation_id, _: operations.cancel(invocation_id),
            "kill": lambda invocation_id, _: operations.kill(invocation_id),
            "pause": lambda invocation_id, _: operations.pause(invocation_id),
            "resume": operations.resume,
            "purge": lambda invocation_id, _: operations.purge(invocation_id),
            "purge-journal": lambda invocation_id, _: operations.purge_journal(invocation_id),
            "restart-as-new": lambda invocation_id, deployment: operations.restart_as_new(
                invocation_id, deployment=deployment
            ),
        }

    async def change(self, change: str, request: Request) -> Response:
        """Answer one request: what was changed, and why the others were not."""
        asked = await self._read_json(request, _Continued if change in _CONTINUING else _Batch)
        ids = asked.invocation_ids
        _check_ids(ids)
        given = asked.deployment if isinstance(asked, _Continued) else None
        deployment = read_deployment("request field", given)
        do = self.changes[change]
        # All begin in one turn of the loop, and so are one transaction.
        outcomes = await asyncio.gather(*(do(each, deployment) for each in ids), return_exceptions=True)
        succeeded: list[Any] = []
        failed: list[Any] = []
        for invocation_id, outcome in zip(ids, outcomes, strict=True):
            if isinstance(outcome, OperationError) and not isinstance(outcome, UnavailableError):
                failed.append({"invocation_id": invocation_id, "error": _reason(invocation_id, outcome)})
            elif isinstance(outcome, BaseException):
                raise outcome
            elif change == "restart-as-new":
                succeeded.append({"old_invocation_id": invocation_id, "new_invocation_id": outcome})
            else:
                succeeded.append(invocation_id)
        return answer_json(200, {"succeeded": succeeded, "failed": failed})


def _check_ids(ids: Sequence[str]) -> None:
    for index, invocation_id in enumerate(ids):
        try:
            _core.parse_invocation_id(invocation_id)
        except InvalidIdError as error:
            reason = reason_against_invocation_id(invocation_id)
            raise UnreadableError(
                422,
                f"Failed to deserialize the JSON body into the target type: invocation_ids[{index}]: {reason}",
            ) from error
    if len(ids) > _MAX_SIZE:
        raise AdminError(400, f"Batch size {len(ids)} exceeds maximum allowed size of {_MAX_SIZE}")


def _reason(invocation_id: str, error: OperationError) -> str:
    """Return why one of them was not changed: the first sentence, in the form in which the server says it here."""
    if isinstance(error, NotFoundError):
        return f"Invocation '{invocation_id}' not found"
    sentence = str(error).partition(". ")[0].removesuffix(".")
    return sentence.replace("The invocation '", "Invocation '", 1).replace(
        " the invocation '", " invocation '", 1
    )
