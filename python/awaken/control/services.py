"""The gRPC services: messages in, calls of `Operations`, messages out."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from awaken import _core
from awaken.control import convert, reads
from awaken.control.answering import Answerer, answer_question
from awaken.control.awakeable_feed import AwakeableFeed
from awaken.control.errors import outcome_status
from awaken.control.grpc_methods import abort, answers, streams
from awaken.control.grpc_requests import (
    delay,
    filters,
    interval,
    invocation_request,
    page_size,
    page_token,
    wanted_statuses,
)
from awaken.control.invocation_feed import InvocationFeed
from awaken.control.lanes import LIMITS, Kind, Lane
from awaken.control.operations import Change, Failure
from awaken.control.sql import read_offset
from awaken.control.v1 import (
    awakeables_pb2,
    awakeables_pb2_grpc,
    invocations_pb2,
    invocations_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from awaken.control.grpc_methods import Context
    from awaken.control.operations import AwakeableView, Operations
    from awaken.control.turns import Turns

__all__ = ["AwakeablesService", "InvocationsService"]


class AwakeablesService(awakeables_pb2_grpc.AwakeablesServicer):
    """`awaken.control.v1.Awakeables`."""

    def __init__(self, operations: Operations, watching: Lane, turns: Turns) -> None:
        self._operations = operations
        self._watching = watching
        self.turns = turns
        self._feed = AwakeableFeed(operations, _event)

    @answers
    async def Resolve(  # noqa: N802
        self, request: awakeables_pb2.ResolveRequest, context: Context
    ) -> awakeables_pb2.CompletionResponse:
        """Give an awakeable its value."""
        return await self._complete(request.id, request.value, context, is_encoded=request.encoded)

    @answers
    async def Reject(  # noqa: N802
        self, request: awakeables_pb2.RejectRequest, context: Context
    ) -> awakeables_pb2.CompletionResponse:
        """Give an awakeable a failure."""
        given = request.failure
        failure = Failure(given.code or 500, given.message, dict(given.metadata))
        return await self._complete(request.id, failure, context)

    @answers
    async def Get(  # noqa: N802
        self, request: awakeables_pb2.GetAwakeableRequest, context: Context
    ) -> awakeables_pb2.Awakeable:
        """Return what is known about one awakeable."""
        return convert.awakeable(await reads.find_awakeable(self._operations, request.id))

    @answers
    async def List(  # noqa: N802
        self, request: awakeables_pb2.ListAwakeablesRequest, context: Context
    ) -> awakeables_pb2.ListAwakeablesResponse:
        """List pending awakeables."""
        service, key = filters(request, "service", "key")
        limit, after = page_size(request.page_size), page_token(request.page_token) or None
        while True:
            page = await self._operations.awakeables(service=service, key=key, limit=limit, after=after)
            found = [convert.awakeable(one) for one in page.awakeables]
            fitting = convert.count_fitting(found)
            if fitting == len(found) or limit == 1:
                break
            limit = min(fitting, limit - 1)  # the token of a page leads to the one after all of it
        return awakeables_pb2.ListAwakeablesResponse(awakeables=found, next_page_token=page.next or "")

    @streams
    async def Watch(  # noqa: N802
        self, request: awakeables_pb2.WatchAwakeablesRequest, context: Context
    ) -> AsyncGenerator[awakeables_pb2.AwakeableEvent, None]:
        """Stream awakeables as they become pending and cease to be."""
        service, key = filters(request, "service", "key")
        feed = self._feed.watch(service, key, interval(request.interval))
        with self._watching.hold():
            async with aclosing(feed) as events:
                async for event in events:
                    yield event

    async def _complete(
        self, awakeable_id: str, result: bytes | Failure, context: Context, *, is_encoded: bool = False
    ) -> awakeables_pb2.CompletionResponse:
        answerer = Answerer.of_api(interface="grpc")
        told = await answer_question(self._operations, awakeable_id, result, answerer, is_encoded=is_encoded)
        if told.refusal is not None:
            await abort(context, "ALREADY_EXISTS", told.describe(awakeable_id))
        refusal = None if told.outcome is None else outcome_status(told.outcome, awakeable_id)
        if refusal is not None:
            await abort(context, *refusal)
        return convert.completion(told)


class InvocationsService(invocations_pb2_grpc.InvocationsServicer):
    """`awaken.control.v1.Invocations`."""

    def __init__(self, operations: Operations, watching: Lane, turns: Turns) -> None:
        self._operations = operations
        self._watching = watching
        self.turns = turns
        self._waiting = Lane(Kind.WAIT, LIMITS[Kind.WAIT])
        self._feed = InvocationFeed(operations)

    @answers
    async def Invoke(  # noqa: N802
        self, request: invocations_pb2.InvokeRequest, context: Context
    ) -> invocations_pb2.InvocationResult:
        """Call a handler and wait for its result."""
        with self._waiting.hold():
            return convert.result(await self._operations.call(invocation_request(request)))

    @answers
    async def Send(  # noqa: N802
        self, request: invocations_pb2.SendRequest, context: Context
    ) -> invocations_pb2.SendResponse:
        """Start a handler."""
        accepted = await self._operations.send(invocation_request(request, delay(request)))
        return invocations_pb2.SendResponse(invocation_id=accepted.invocation_id, is_new=accepted.is_new)

    @answers
    async def Attach(  # noqa: N802
        self, request: invocations_pb2.AttachRequest, context: Context
    ) -> invocations_pb2.InvocationResult:
        """Wait for the result of an invocation."""
        with self._waiting.hold():
            return convert.result(await self._operations.attach(request.invocation_id))

    @answers
    async def GetOutput(  # noqa: N802
        self, request: invocations_pb2.GetOutputRequest, context: Context
    ) -> invocations_pb2.InvocationResult:
        """Return the result of an invocation."""
        return convert.result(await self._operations.output(request.invocation_id))

    @answers
    async def Cancel(  # noqa: N802
        self, request: invocations_pb2.CancelRequest, context: Context
    ) -> invocations_pb2.ChangeResponse:
        """Ask a handler to stop."""
        return _change(await self._operations.cancel(request.invocation_id))

    @answers
    async def Kill(  # noqa: N802
        self, request: invocations_pb2.KillRequest, context: Context
    ) -> invocations_pb2.ChangeResponse:
        """End an invocation and its children."""
        return _change(await self._operations.kill(request.invocation_id))

    @answers
    async def Get(  # noqa: N802
        self, request: invocations_pb2.GetInvocationRequest, context: Context
    ) -> invocations_pb2.Invocation:
        """Look at one invocation."""
        return convert.invocation(await reads.find_invocation(self._operations, request.invocation_id))

    @answers
    async def List(  # noqa: N802
        self, request: invocations_pb2.ListInvocationsRequest, context: Context
    ) -> invocations_pb2.ListInvocationsResponse:
        """List invocations."""
        limit, offset = page_size(request.page_size), read_offset(page_token(request.page_token))
        rows = await reads.list_invocations(
            self._operations,
            wanted_statuses(request.statuses),
            *filters(request, "service", "handler", "key"),
            limit=limit,
            offset=offset,
        )
        found = [convert.invocation(row) for row in rows]
        fitting = convert.count_fitting(found)
        is_last = fitting == len(rows) < limit
        return invocations_pb2.ListInvocationsResponse(
            invocations=found[:fitting], next_page_token="" if is_last else str(offset + fitting)
        )

    @streams
    async def Watch(  # noqa: N802
        self, request: invocations_pb2.WatchInvocationRequest, context: Context
    ) -> AsyncGenerator[invocations_pb2.InvocationEvent, None]:
        """Stream each journal entry and each change of status."""
        _core.parse_invocation_id(request.invocation_id)
        feed = self._feed.watch(request.invocation_id, interval(request.interval))
        with self._watching.hold():
            async with aclosing(feed) as rows:
                async for row in rows:
                    if "entry_type" in row:
                        yield invocations_pb2.InvocationEvent(entry=convert.entry(row))
                    else:
                        yield invocations_pb2.InvocationEvent(invocation=convert.invocation(row))


def _event(is_pending: bool, found: AwakeableView) -> awakeables_pb2.AwakeableEvent:
    event = awakeables_pb2.AwakeableEvent
    kind = event.KIND_PENDING if is_pending else event.KIND_GONE
    return event(kind=kind, awakeable=convert.awakeable(found))


def _change(change: Change) -> invocations_pb2.ChangeResponse:
    response = invocations_pb2.ChangeResponse
    is_done = change is Change.DONE
    return response(change=response.CHANGE_DONE if is_done else response.CHANGE_REQUESTED)
