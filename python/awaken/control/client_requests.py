"""What both clients of the control plane send: options of channels, metadata and messages."""

from __future__ import annotations

from typing import Final

from awaken.control.server import MAX_MESSAGE_SIZE
from awaken.control.v1 import awakeables_pb2, common_pb2, invocations_pb2

__all__ = ["OPTIONS", "invocation", "listing", "metadata", "rejection"]

OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_SIZE),
    ("grpc.max_send_message_length", MAX_MESSAGE_SIZE),
)


def metadata(token: str | None) -> tuple[tuple[str, str], ...]:
    """Return what is sent with every call."""
    return () if token is None else (("authorization", f"Bearer {token}"),)


def rejection(awakeable_id: str, reason: str) -> awakeables_pb2.RejectRequest:
    """Return the request that gives an awakeable a failure."""
    failure = common_pb2.Failure(code=500, message=reason)
    return awakeables_pb2.RejectRequest(id=awakeable_id, failure=failure)


def listing(service: str | None, key: str | None, token: str) -> awakeables_pb2.ListAwakeablesRequest:
    """Return the request for the page of awakeables that `token` names; empty is the first."""
    return awakeables_pb2.ListAwakeablesRequest(service=service, key=key, page_token=token)


def invocation(
    service: str, handler: str, body: bytes, key: str | None, idempotency_key: str | None
) -> invocations_pb2.InvokeRequest:
    """Return the request that calls a handler."""
    target = common_pb2.Target(service=service, handler=handler, key=key)
    return invocations_pb2.InvokeRequest(target=target, body=body, idempotency_key=idempotency_key)
