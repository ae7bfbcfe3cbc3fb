"""The client of the control plane on the event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc
import grpc.aio

from awaken.client.credentials import read_token
from awaken.control.client_requests import OPTIONS, invocation, listing, metadata, rejection
from awaken.control.v1 import awakeables_pb2, awakeables_pb2_grpc, invocations_pb2, invocations_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ["ControlClient", "connect_control"]

R = TypeVar("R")


def connect_control(
    address: str, *, token: str | None = None, tls: grpc.ChannelCredentials | None = None
) -> ControlClient:
    """Return a client on the event loop; it connects with the first call.

    Args:
        address: `HOST:PORT` of the gRPC server.
        token: bearer token, sent with every call; by default that of `AWAKEN_TOKEN` or of the file `AWAKEN_TOKEN_FILE`.
            Empty sends none.
        tls: from `grpc.ssl_channel_credentials`; cleartext without.

    Raises:
        ValueError: the token cannot be read or sent.
    """
    token = read_token(token)
    if tls is None:
        channel = grpc.aio.insecure_channel(address, options=OPTIONS)
    else:
        channel = grpc.aio.secure_channel(address, tls, options=OPTIONS)
    return ControlClient(channel, token)


class ControlClient:
    """Calls of the control plane on the event loop.

    Args:
        channel: closed by `close`.
        token: bearer token.
    """

    def __init__(self, channel: grpc.aio.Channel, token: str | None = None) -> None:
        self._channel = channel
        self._metadata = metadata(token)
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
        self, awakeable_id: str, value: bytes = b"", *, encoded: bool = False, timeout: float | None = None
    ) -> awakeables_pb2.CompletionResponse:
        """Give an awakeable its value, as its type writes it: JSON for most.

        Args:
            awakeable_id: as the handler handed it out.
            value: the value.
            encoded: whether it went through the journal value codec of the handler's application already.
            timeout: in seconds.
        """
        request = awakeables_pb2.ResolveRequest(id=awakeable_id, value=value, encoded=encoded)
        response: awakeables_pb2.CompletionResponse = await self._call(
            self.awakeables.Resolve, request, timeout
        )
        return response

    async def reject(
        self, awakeable_id: str, reason: str, *, timeout: float | None = None
    ) -> awakeables_pb2.CompletionResponse:
        """Give an awakeable a failure: its handler receives a terminal error with this reason."""
        response: awakeables_pb2.CompletionResponse = await self._call(
            self.awakeables.Reject, rejection(awakeable_id, reason), timeout
        )
        return response

    async def get_awakeable(
        self, awakeable_id: str, *, timeout: float | None = None
    ) -> awakeables_pb2.Awakeable:
        """Return what is known about one awakeable."""
        response: awakeables_pb2.Awakeable = await self._call(
            self.awakeables.Get, awakeables_pb2.GetAwakeableRequest(id=awakeable_id), timeout
        )
        return response

    async def pending_awakeables(
        self, service: str | None = None, key: str | None = None, *, timeout: float | None = None
    ) -> AsyncIterator[awakeables_pb2.Awakeable]:
        """Iterate over all pending awakeables, longest waiting first."""
        token = ""
        while True:
            page: awakeables_pb2.ListAwakeablesResponse = await self._call(
                self.awakeables.List, listing(service, key, token), timeout
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
        request = invocation(service, handler, body, key, idempotency_key)
        response: invocations_pb2.InvocationResult = await self._call(
            self.invocations.Invoke, request, timeout
        )
        return response

    async def attach(
        self, invocation_id: str, *, timeout: float | None = None
    ) -> invocations_pb2.InvocationResult:
        """Wait for the result of an invocation."""
        response: invocations_pb2.InvocationResult = await self._call(
            self.invocations.Attach, invocations_pb2.AttachRequest(invocation_id=invocation_id), timeout
        )
        return response

    async def _call(self, method: Callable[..., Awaitable[R]], request: object, timeout: float | None) -> R:
        return await method(request, timeout=timeout, metadata=self._metadata)
