"""`/invocations/{id}/<operation>`: changes to one; `/awakeables` and `/answers`: what waits, and what was answered."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from awaken import _core
from awaken.control.awakeable_documents import describe_answers, describe_page
from awaken.control.errors import ConflictError, InvalidRequestError, NotFoundError
from awaken.control.operations import Change
from awaken.errors import InvalidIdError
from awaken.runtime.admin.answers import AdminError, UnreadableError, answer_json, empty
from awaken.runtime.admin.reading import read_deployment, read_number, read_parameter
from awaken.runtime.identifiers import reason_against_invocation_id

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.requests import Request
    from starlette.responses import Response

    from awaken.control.operations import Operations

__all__ = ["InvocationRoutes"]

T = TypeVar("T")

#: Awakeables of a page, and of the largest.
_USUAL_PAGE: Final = 1_000
_MAX_PAGE: Final = 10_000


class InvocationRoutes:
    """Answers the routes about invocations."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        changes = {"cancel": operations.cancel, "kill": operations.kill, "purge": operations.purge}
        #: What `DELETE` can be asked for.
        self._modes = {name: change for mode, change in changes.items() for name in (mode.capitalize(), mode)}

    async def cancel(self, request: Request) -> Response:
        """Answer `PATCH /invocations/{id}/cancel`: 202 if the handler still has to react."""
        return _changed(await self._do(self._operations.cancel(_read_id(request)), request))

    async def kill(self, request: Request) -> Response:
        """Answer `PATCH /invocations/{id}/kill`."""
        return _changed(await self._do(self._operations.kill(_read_id(request)), request))

    async def pause(self, request: Request) -> Response:
        """Answer `PATCH /invocations/{id}/pause`: 202 if the attempt still has to stop."""
        return _changed(await self._do(self._operations.pause(_read_id(request)), request))

    async def resume(self, request: Request) -> Response:
        """Answer `PATCH /invocations/{id}/resume?deployment=`."""
        work = self._operations.resume(_read_id(request), _read_deployment(request))
        return _changed(await self._do(work, request))

    async def purge(self, request: Request) -> Response:
        """Answer `PATCH /invocations/{id}/purge`."""
        return _changed(await self._do(self._operations.purge(_read_id(request)), request))

    async def purge_journal(self, request: Request) -> Response:
        """Answer `PATCH /invocations/{id}/purge-journal`."""
        return _changed(await self._do(self._operations.purge_journal(_read_id(request)), request))

    async def restart_as_new(self, request: Request) -> Response:
        """Answer `PATCH /invocations/{id}/restart-as-new?from=&deployment=`."""
        first = read_number(request, "from", 0)
        invocation_id = _read_id(request)
        deployment = _read_deployment(request)
        keep_entries = first + 1  # the input is entry 0, and is always kept
        work = self._operations.restart_as_new(invocation_id, keep_entries, deployment)
        return answer_json(200, {"new_invocation_id": await self._do(work, request)})

    async def delete(self, request: Request) -> Response:
        """Answer `DELETE /invocations/{id}?mode=`, deprecated: 202 whatever becomes of it."""
        mode = read_parameter(request, "mode")
        change = self._modes.get("cancel" if mode is None else mode)
        if change is None:
            known = ", ".join(f"`{name}`" for name in self._modes)
            reason = f"mode: unknown variant `{mode}`, expected one of {known}"
            raise UnreadableError(400, f"Failed to deserialize query string: {reason}")
        with contextlib.suppress(NotFoundError, ConflictError):  # the newer routes report these
            await change(_read_id(request))
        return empty(202)

    async def list_awakeables(self, request: Request) -> Response:
        """Answer `GET /awakeables?service=&key=&invocation=&limit=&after=`, which a Restate server does not have."""
        limit = read_number(request, "limit", _USUAL_PAGE)
        given = partial(read_parameter, request)
        try:
            page = await self._operations.awakeables(
                service=given("service"),
                key=given("key"),
                invocation_id=given("invocation"),
                limit=min(limit, _MAX_PAGE),
                after=given("after"),
            )
        except (InvalidRequestError, InvalidIdError) as error:
            raise AdminError(400, str(error)) from error
        return answer_json(200, describe_page(page))

    async def list_answers(self, request: Request) -> Response:
        """Answer `GET /answers?service=&key=&limit=&after=`: results of awakeables, newest first, without values."""
        limit = read_number(request, "limit", _USUAL_PAGE)
        given = partial(read_parameter, request)
        try:
            page = await self._operations.stored_answers(
                service=given("service"), key=given("key"), limit=min(limit, _MAX_PAGE), after=given("after")
            )
        except InvalidRequestError as error:
            raise AdminError(400, str(error)) from error
        return answer_json(200, describe_answers(page))

    async def _do(self, work: Awaitable[T], request: Request) -> T:
        invocation_id = request.path_params["invocation_id"]
        try:
            return await work
        except NotFoundError as error:
            raise AdminError(404, f"The requested invocation '{invocation_id}' does not exist") from error
        except (ConflictError, InvalidRequestError) as error:
            raise AdminError(error.http_status, str(error)) from error


def _read_deployment(request: Request) -> str | None:
    return read_deployment("query parameter", read_parameter(request, "deployment"))


def _changed(change: Change) -> Response:
    return empty(200 if change is Change.DONE else 202)


def _read_id(request: Request) -> str:
    invocation_id: str = request.path_params["invocation_id"]
    try:
        _core.parse_invocation_id(invocation_id)
    except InvalidIdError as error:
        reason = reason_against_invocation_id(invocation_id)
        raise AdminError(400, f"The request field 'invocation_id' is invalid. Reason: {reason}") from error
    return invocation_id
