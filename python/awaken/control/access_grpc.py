"""Asks for tokens over gRPC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from awaken.control.access import Tokens, group_of_method

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from awaken.control.access import Group

__all__ = ["Access"]


class Access(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in its stubs only
    """Refuses calls without a token that allows them; health and reflection are open to all.

    Args:
        tokens: what each token allows.
    """

    def __init__(self, tokens: Mapping[str, set[Group]]) -> None:
        self._tokens = Tokens(tokens)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Let a call through, or answer it with UNAUTHENTICATED or PERMISSION_DENIED."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return handler
        method = str(handler_call_details.method)
        sent = _authorizations(handler_call_details.invocation_metadata or ())
        refusal = self._tokens.check(sent, group_of_method(method))
        if refusal is None:
            return handler
        if refusal.is_known:
            return _refusing(handler, grpc.StatusCode.PERMISSION_DENIED, f"{method}: {refusal.message}")
        return _refusing(handler, grpc.StatusCode.UNAUTHENTICATED, refusal.message)


def _authorizations(metadata: Iterable[Any]) -> list[bytes]:
    values = [value for name, value in metadata if name == "authorization"]
    return [value if isinstance(value, bytes) else str(value).encode() for value in values]


def _refusing(handler: Any, code: grpc.StatusCode, message: str) -> Any:
    async def refuse(_request: Any, context: Any) -> None:
        await context.abort(code, message)

    async def refuse_stream(_request: Any, context: Any) -> Any:
        await context.abort(code, message)
        yield  # never reached, but it makes this a stream

    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler(
            refuse_stream, handler.request_deserializer, handler.response_serializer
        )
    return grpc.unary_unary_rpc_method_handler(
        refuse, handler.request_deserializer, handler.response_serializer
    )
