"""Typed clients of the control plane, one for the event loop and one that blocks.

```python
async with connect_control("127.0.0.1:9071") as control:
    await control.resolve(awakeable_id, json.dumps({"approved": True}).encode())
```

They open the channel with its credentials and send the token with every call. The generated stubs are available as
`awakeables` and `invocations`, for what has no method here. Errors are `grpc.RpcError` with the statuses that the
`.proto` files document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc
import grpc.aio

from awaken.control.server import MAX_MESSAGE_SIZE
from awaken.control.v1 import (
    awakeables_pb2,
    awakeables_pb2_grpc,
    common_pb2,
    invocations_pb2,
    invocations_pb2_grpc,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

__all__ = ["ControlClient", "SyncControlClient", "connect_control", "connect_control_sync"]

R = TypeVar("R")

_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_SIZE),
    ("grpc.max_send_message_length", MAX_MESSAGE_SIZE),
]


def connect_control(
    address: str, *, token: str | None = None, tls: grpc.ChannelCredentials | None = None
) -> ControlClient:
    """Return an asynchronous client; it connects with the first call.

    Args:
        address: `HOST:PORT` of the gRPC server.
        token: bearer token, sent with every call.
        tls: from `grpc.ssl_channel_credentials`; cleartext without.
    """
    if tls is None:
        channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
    else:
        channel = grpc.aio.secure_channel(address, tls, options=_OPTIONS)
    return ControlClient(channel, token)


def connect_control_sync(
    address: str, *, token: str | None = None, tls: grpc.ChannelCredentials | None = None
) -> SyncControlClient:
    """Return a client that blocks; arguments as for `connect_control`."""
    if tls is None:
        channel = grpc.insecure_channel(address, options=_OPTIONS)
    else:
        channel = grpc.secure_channel(address, tls, options=_OPTIONS)
    return SyncControlClient(channel, token)


class ControlClient:
    """Calls of the control plane on the event loop.

    Args:
        channel: closed by `close`.
        token: bearer token.
    """

    def __init__(self, channel: grpc.aio.Channel, token: str | None = None) -> None:
        self._channel = channel
        self._metadata = _metadata(token)
        #: The generated stubs, which have no types.
        self.awakeables: Any = awakeables_pb2_grpc.AwakeablesStub(channel)  # type: ignore[no-untyped-call]
        self.invocations: Any = invocations_pb2_grpc.InvocationsStub(channel)  # type: ignore[no-untyped-call]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the channel and cancel open calls."""
        await self._channel.close(None)

    async def resolve(
        self, awakeable_id: str, value: bytes = b"", *, timeout: float | None = None
    ) -> awakeables_pb2.CompletionResponse:
        """Give an awakeable its value, encoded as its type requires: JSON for most."""
        request = awakeables_pb2.ResolveRequest(id=awakeable_id, value=value)
        return await self._call(self.awakeables.Resolve, request, timeout)

    async def reject(
        self, awakeable_id: str, reason: str, *, timeout: float | None = None
    ) -> awakeables_pb2.CompletionResponse:
        """Give an awakeable a failure: its handler receives a terminal error with this reason."""
        return await self._call(self.awakeables.Reject, _rejection(awakeable_id, reason), timeout)

    async def get_awakeable(
        self, awakeable_id: str, *, timeout: float | None = None
    ) -> awakeables_pb2.Awakeable:
        """Return what is known about one awakeable."""
        return await self._call(
            self.awakeables.Get, awakeables_pb2.GetAwakeableRequest(id=awakeable_id), timeout
        )

    async def pending_awakeables(
        self, service: str | None = None, key: str | None = None, *, timeout: float | None = None
    ) -> AsyncIterator[awakeables_pb2.Awakeable]:
        """Iterate over all pending awakeables, longest waiting first."""
        token = ""
        while True:
            page: awakeables_pb2.ListAwakeablesResponse = await self._call(
                self.awakeables.List, _listing(service, key, token), timeout
            )
            for awakeable in page.awakeables:
                yield awakeable
            token = page.next_page_token
            if not token:
                return

    async def invoke(
        self,
        service: str,
        handler: str,
        body: bytes = b"",
        *,
        key: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> invocations_pb2.InvocationResult:
        """Call a handler and wait for its result."""
        request = _invocation(service, handler, body, key, idempotency_key)
        return await self._call(self.invocations.Invoke, request, timeout)

    async def attach(
        self, invocation_id: str, *, timeout: float | None = None
    ) -> invocations_pb2.InvocationResult:
        """Wait for the result of an invocation."""
        return await self._call(
            self.invocations.Attach, invocations_pb2.AttachRequest(invocation_id=invocation_id), timeout
        )

    async def _call(self, method: Callable[..., Awaitable[R]], request: object, timeout: float | None) -> R:
        return await method(request, timeout=timeout, metadata=self._metadata)


class SyncControlClient:
    """Calls of the control plane that block.

    Args:
        channel: closed by `close`.
        token: bearer token.
    """

    def __init__(self, channel: grpc.Channel, token: str | None = None) -> None:
        self._channel = channel
        self._metadata = _metadata(token)
        #: The generated stubs, which have no types.
        self.awakeables: Any = awakeables_pb2_grpc.AwakeablesStub(channel)  # type: ignore[no-untyped-call]
        self.invocations: Any = invocations_pb2_grpc.InvocationsStub(channel)  # type: ignore[no-untyped-call]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def resolve(
        self, awakeable_id: str, value: bytes = b"", *, timeout: float | None = None
    ) -> awakeables_pb2.CompletionResponse:
        """Give an awakeable its value, encoded as its type requires: JSON for most."""
        request = awakeables_pb2.ResolveRequest(id=awakeable_id, value=value)
        response: awakeables_pb2.CompletionResponse = self._call(self.awakeables.Resolve, request, timeout)
        return response

    def reject(
        self, awakeable_id: str, reason: str, *, timeout: float | None = None
    ) -> awakeables_pb2.CompletionResponse:
        """Give an awakeable a failure: its handler receives a terminal error with this reason."""
        response: awakeables_pb2.CompletionResponse = self._call(
            self.awakeables.Reject, _rejection(awakeable_id, reason), timeout
        )
        return response

    def get_awakeable(self, awakeable_id: str, *, timeout: float | None = None) -> awakeables_pb2.Awakeable:
        """Return what is known about one awakeable."""
        response: awakeables_pb2.Awakeable = self._call(
            self.awakeables.Get, awakeables_pb2.GetAwakeableRequest(id=awakeable_id), timeout
        )
        return response

    def pending_awakeables(
        self, service: str | None = None, key: str | None = None, *, timeout: float | None = None
    ) -> Iterator[awakeables_pb2.Awakeable]:
        """Iterate over all pending awakeables, longest waiting first."""
        token = ""
        while True:
            page: awakeables_pb2.ListAwakeablesResponse = self._call(
                self.awakeables.List, _listing(service, key, token), timeout
            )
            yield from page.awakeables
            token = page.next_page_token
            if not token:
                return

    def invoke(
        self,
        service: str,
        handler: str,
        body: bytes = b"",
        *,
        key: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> invocations_pb2.InvocationResult:
        """Call a handler and wait for its result."""
        request = _invocation(service, handler, body, key, idempotency_key)
        response: invocations_pb2.InvocationResult = self._call(self.invocations.Invoke, request, timeout)
        return response

    def attach(self, invocation_id: str, *, timeout: float | None = None) -> invocations_pb2.InvocationResult:
        """Wait for the result of an invocation."""
        response: invocations_pb2.InvocationResult = self._call(
            self.invocations.Attach, invocations_pb2.AttachRequest(invocation_id=invocation_id), timeout
        )
        return response

    def _call(self, method: Callable[..., R], request: object, timeout: float | None) -> R:
        return method(request, timeout=timeout, metadata=self._metadata)


def _metadata(token: str | None) -> tuple[tuple[str, str], ...]:
    return () if token is None else (("authorization", f"Bearer {token}"),)


def _rejection(awakeable_id: str, reason: str) -> awakeables_pb2.RejectRequest:
    failure = common_pb2.Failure(code=500, message=reason)
    return awakeables_pb2.RejectRequest(id=awakeable_id, failure=failure)


def _listing(service: str | None, key: str | None, token: str) -> awakeables_pb2.ListAwakeablesRequest:
    return awakeables_pb2.ListAwakeablesRequest(service=service, key=key, page_token=token)


def _invocation(
    service: str, handler: str, body: bytes, key: str | None, idempotency_key: str | None
) -> invocations_pb2.InvokeRequest:
    target = common_pb2.Target(service=service, handler=handler, key=key)
    return invocations_pb2.InvokeRequest(target=target, body=body, idempotency_key=idempotency_key)
