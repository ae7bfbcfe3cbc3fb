"""The gRPC services: messages in, calls of the plane, messages out."""

from __future__ import annotations

import asyncio
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import grpc

from awaken.control import convert
from awaken.control.errors import ControlError, Reason
from awaken.control.invocations import Request
from awaken.control.v1 import (
    awakeables_pb2,
    awakeables_pb2_grpc,
    invocations_pb2,
    invocations_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from google.protobuf.duration_pb2 import Duration
    from grpc.aio import ServicerContext

    from awaken.control.awakeables import Awakeables
    from awaken.control.invocations import Invocations
    from awaken.control.pending import Pending
    from awaken.control.v1.common_pb2 import Target

    Context: TypeAlias = ServicerContext[Any, Any]

__all__ = ["AwakeablesService", "InvocationsService"]

DEFAULT_PAGE: Final = 100
LARGEST_PAGE: Final = 1000
DEFAULT_INTERVAL_SECONDS: Final = 0.5
SHORTEST_INTERVAL_SECONDS: Final = 0.05

R = TypeVar("R")


def _answers(method: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
    """Turn the plane's errors into gRPC's, for a method with one answer."""

    @wraps(method)
    async def answer(self: Any, request: Any, context: Context) -> R:
        try:
            return await method(self, request, context)
        except ControlError as error:
            await _abort(context, error)
            raise

    return answer


def _streams(method: Callable[..., AsyncIterator[R]]) -> Callable[..., AsyncIterator[R]]:
    """Turn the plane's errors into gRPC's, for a method with many answers."""

    @wraps(method)
    async def stream(self: Any, request: Any, context: Context) -> AsyncIterator[R]:
        try:
            async for message in method(self, request, context):
                yield message
        except ControlError as error:
            await _abort(context, error)

    return stream


async def _abort(context: Context, error: ControlError) -> None:
    await context.abort(grpc.StatusCode[error.reason.value], error.message)


class AwakeablesService(awakeables_pb2_grpc.AwakeablesServicer):
    """`awaken.control.v1.Awakeables`."""

    def __init__(self, awakeables: Awakeables) -> None:
        self._awakeables = awakeables

    @_answers
    async def Resolve(  # noqa: N802
        self, request: awakeables_pb2.ResolveRequest, context: Context
    ) -> awakeables_pb2.CompletionResponse:
        """Give an awakeable its value."""
        return convert.completion(await self._awakeables.resolve(request.id, request.value))

    @_answers
    async def Reject(  # noqa: N802
        self, request: awakeables_pb2.RejectRequest, context: Context
    ) -> awakeables_pb2.CompletionResponse:
        """Give an awakeable a failure."""
        failure = request.failure
        if failure.metadata:
            raise ControlError(
                Reason.INVALID_ARGUMENT,
                "the metadata of a failure cannot be carried: the interface of a runtime takes a text; leave it out",
            )
        return convert.completion(
            await self._awakeables.reject(request.id, failure.message, failure.code or 500)
        )

    @_answers
    async def Get(  # noqa: N802
        self, request: awakeables_pb2.GetAwakeableRequest, context: Context
    ) -> awakeables_pb2.Awakeable:
        """Tell what is known of one awakeable."""
        return convert.awakeable(await self._awakeables.get(request.id))

    @_answers
    async def List(  # noqa: N802
        self, request: awakeables_pb2.ListAwakeablesRequest, context: Context
    ) -> awakeables_pb2.ListAwakeablesResponse:
        """List pending awakeables."""
        page = await self._awakeables.page(
            _optional(request, "service"),
            _optional(request, "key"),
            limit=_page_size(request.page_size),
            offset=_offset(request.page_token),
        )
        return awakeables_pb2.ListAwakeablesResponse(
            awakeables=[convert.pending(found) for found in page.pending],
            next_page_token="" if page.next_offset is None else str(page.next_offset),
        )

    @_streams
    async def Watch(  # noqa: N802
        self, request: awakeables_pb2.WatchAwakeablesRequest, context: Context
    ) -> AsyncIterator[awakeables_pb2.AwakeableEvent]:
        """Tell of awakeables that begin and cease to be pending."""
        interval = _interval(request.interval)
        known: dict[str, Pending] = {}
        while True:
            seen = await self._all_pending(_optional(request, "service"), _optional(request, "key"))
            for gone in known.keys() - seen.keys():
                yield _event(awakeables_pb2.AwakeableEvent.KIND_GONE, known[gone])
            for found in seen.values():
                if found.id not in known:
                    yield _event(awakeables_pb2.AwakeableEvent.KIND_PENDING, found)
            known = seen
            await asyncio.sleep(interval)

    async def _all_pending(self, service: str | None, key: str | None) -> dict[str, Pending]:
        seen: dict[str, Pending] = {}
        offset: int | None = 0
        while offset is not None:
            page = await self._awakeables.page(service, key, limit=LARGEST_PAGE, offset=offset)
            seen |= {found.id: found for found in page.pending}
            offset = page.next_offset
        return seen


class InvocationsService(invocations_pb2_grpc.InvocationsServicer):
    """`awaken.control.v1.Invocations`."""

    def __init__(self, invocations: Invocations) -> None:
        self._invocations = invocations

    @_answers
    async def Invoke(  # noqa: N802
        self, request: invocations_pb2.InvokeRequest, context: Context
    ) -> invocations_pb2.InvocationResult:
        """Call a handler and wait for its result."""
        return convert.result(await self._invocations.invoke(_request(request)))

    @_answers
    async def Send(  # noqa: N802
        self, request: invocations_pb2.SendRequest, context: Context
    ) -> invocations_pb2.SendResponse:
        """Start a handler."""
        delay = request.delay.ToMilliseconds() if request.HasField("delay") else None
        if delay is not None and delay < 0:
            raise ControlError(Reason.INVALID_ARGUMENT, f"the delay of {delay} ms is negative")
        invocation_id, is_new = await self._invocations.send(_request(request), delay)
        return invocations_pb2.SendResponse(invocation_id=invocation_id, is_new=is_new)

    @_answers
    async def Attach(  # noqa: N802
        self, request: invocations_pb2.AttachRequest, context: Context
    ) -> invocations_pb2.InvocationResult:
        """Wait for the result of an invocation."""
        return convert.result(await self._invocations.attach(request.invocation_id))

    @_answers
    async def GetOutput(  # noqa: N802
        self, request: invocations_pb2.GetOutputRequest, context: Context
    ) -> invocations_pb2.InvocationResult:
        """Return the result of an invocation."""
        return convert.result(await self._invocations.output(request.invocation_id))

    @_answers
    async def Cancel(  # noqa: N802
        self, request: invocations_pb2.CancelRequest, context: Context
    ) -> invocations_pb2.ChangeResponse:
        """Ask a handler to stop."""
        return _change(is_done=await self._invocations.cancel(request.invocation_id))

    @_answers
    async def Kill(  # noqa: N802
        self, request: invocations_pb2.KillRequest, context: Context
    ) -> invocations_pb2.ChangeResponse:
        """End an invocation and its children."""
        return _change(is_done=await self._invocations.kill(request.invocation_id))

    @_answers
    async def Get(  # noqa: N802
        self, request: invocations_pb2.GetInvocationRequest, context: Context
    ) -> invocations_pb2.Invocation:
        """Look at one invocation."""
        return convert.invocation(await self._invocations.get(request.invocation_id))

    @_answers
    async def List(  # noqa: N802
        self, request: invocations_pb2.ListInvocationsRequest, context: Context
    ) -> invocations_pb2.ListInvocationsResponse:
        """List invocations."""
        limit, offset = _page_size(request.page_size), _offset(request.page_token)
        rows = await self._invocations.page(
            list(request.statuses),
            *(_optional(request, name) for name in ("service", "handler", "key")),
            limit=limit,
            offset=offset,
        )
        return invocations_pb2.ListInvocationsResponse(
            invocations=[convert.invocation(row) for row in rows],
            next_page_token=str(offset + limit) if len(rows) == limit else "",
        )

    @_streams
    async def Watch(  # noqa: N802
        self, request: invocations_pb2.WatchInvocationRequest, context: Context
    ) -> AsyncIterator[invocations_pb2.InvocationEvent]:
        """Tell of each journal entry and each change of status."""
        interval = _interval(request.interval)
        status, next_index = "", 0
        while True:
            # The status first: entries that come between the two questions belong to the next round's status.
            row = await self._invocations.get(request.invocation_id)
            for entry in await self._invocations.entries(request.invocation_id, next_index):
                yield invocations_pb2.InvocationEvent(entry=convert.entry(entry))
                next_index = entry["index"] + 1
            if row["status"] != status:
                status = row["status"]
                yield invocations_pb2.InvocationEvent(invocation=convert.invocation(row))
            if status == "completed":
                return
            await asyncio.sleep(interval)


def _event(kind: awakeables_pb2.AwakeableEvent.Kind, found: Pending) -> awakeables_pb2.AwakeableEvent:
    return awakeables_pb2.AwakeableEvent(kind=kind, awakeable=convert.pending(found))


def _change(*, is_done: bool) -> invocations_pb2.ChangeResponse:
    response = invocations_pb2.ChangeResponse
    return response(change=response.CHANGE_DONE if is_done else response.CHANGE_REQUESTED)


def _request(message: invocations_pb2.InvokeRequest | invocations_pb2.SendRequest) -> Request:
    target: Target = message.target
    return Request(
        service=target.service,
        handler=target.handler,
        key=_optional(target, "key"),
        body=message.body,
        content_type=message.content_type,
        headers=dict(message.headers),
        idempotency_key=_optional(message, "idempotency_key"),
    )


def _optional(message: Any, name: str) -> str | None:
    return getattr(message, name) if message.HasField(name) else None


def _page_size(asked: int) -> int:
    return min(asked or DEFAULT_PAGE, LARGEST_PAGE)


def _offset(token: str) -> int:
    if (token and not token.isascii()) or (token and not token.isdigit()):
        raise ControlError(
            Reason.INVALID_ARGUMENT, f"{token!r} is not a page token; use the one of the answer before"
        )
    return int(token or 0)


def _interval(asked: Duration) -> float:
    seconds = asked.ToTimedelta().total_seconds()
    return max(seconds, SHORTEST_INTERVAL_SECONDS) if seconds > 0 else DEFAULT_INTERVAL_SECONDS
