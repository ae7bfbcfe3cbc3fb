"""Requests that do not decode are the caller's mistake, which gRPC reports as an internal error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Decoding"]

_OURS: Final = "/awaken.control."


class Decoding(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in its stubs only
    """Decodes the requests of the control plane within the call, so that it can be refused."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: Any,
    ) -> Any:
        """Return a method that takes bytes."""
        handler = await continuation(handler_call_details)
        if handler is None or not handler_call_details.method.startswith(_OURS):
            return handler
        decode = handler.request_deserializer
        if handler.response_streaming:
            stream = handler.unary_stream

            async def answer_stream(data: bytes, context: Any) -> Any:
                await stream(await _decoded(decode, data, context), context)

            return grpc.unary_stream_rpc_method_handler(
                answer_stream, response_serializer=handler.response_serializer
            )
        unary = handler.unary_unary

        async def answer(data: bytes, context: Any) -> Any:
            return await unary(await _decoded(decode, data, context), context)

        return grpc.unary_unary_rpc_method_handler(answer, response_serializer=handler.response_serializer)


async def _decoded(decode: Callable[[bytes], Any], data: bytes, context: Any) -> Any:
    try:
        return decode(data)
    except Exception as error:  # the library's own classes differ by implementation
        await context.abort(
            grpc.StatusCode.INVALID_ARGUMENT,
            f"the {len(data)} bytes are not the message of this method: {error}",
        )
