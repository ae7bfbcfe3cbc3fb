"""Counts the calls of the gRPC server by method and status, and how long they take."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio

from awaken.metrics import instruments

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from awaken.metrics.metrics import Metrics

__all__ = ["CallCounts"]

_OURS: Final = "/awaken.control.v1."
_CODES: Final = {code.value[0]: code.name for code in grpc.StatusCode}


class CallCounts(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in its stubs only
    """Counts calls of our services, also those that later interceptors refuse. The first of all.

    Args:
        metrics: where to count.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._calls = metrics.counter(instruments.GRPC_REQUESTS)
        self._durations = metrics.histogram(instruments.GRPC_DURATION)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Return a method that counts its calls."""
        handler = await continuation(handler_call_details)
        method = str(handler_call_details.method)
        if handler is None:  # no such method; its name is the caller's
            self._calls.of("other", "UNIMPLEMENTED").add()
            return handler
        if not method.startswith(_OURS):
            return handler
        return self._counting(handler, method.removeprefix(_OURS))

    def _counting(self, handler: Any, method: str) -> Any:
        def note(context: Any, began: float, error: BaseException | None) -> None:
            self._calls.of(method, _code_of(context, error)).add()
            self._durations.of(method).record(time.perf_counter() - began)

        if handler.response_streaming:
            stream = handler.unary_stream

            # `Decoding` writes to the context, and returns at the end of the stream.
            async def answer_stream(request: Any, context: Any) -> Any:
                began, error = time.perf_counter(), None
                try:
                    answered = stream(request, context)
                    if hasattr(answered, "__aiter__"):
                        async for one in answered:
                            await context.write(one)
                    else:
                        await answered
                except BaseException as raised:
                    error = raised
                    raise
                finally:
                    note(context, began, error)

            return grpc.unary_stream_rpc_method_handler(
                answer_stream, handler.request_deserializer, handler.response_serializer
            )
        unary = handler.unary_unary

        async def answer(request: Any, context: Any) -> Any:
            began, error = time.perf_counter(), None
            try:
                return await unary(request, context)
            except BaseException as raised:
                error = raised
                raise
            finally:
                note(context, began, error)

        return grpc.unary_unary_rpc_method_handler(
            answer, handler.request_deserializer, handler.response_serializer
        )


def _code_of(context: Any, error: BaseException | None) -> str:
    """Return the name of the status that a call ended with."""
    if isinstance(error, asyncio.CancelledError):
        return "CANCELLED"
    code = context.code()
    number = code.value[0] if isinstance(code, grpc.StatusCode) else int(code or 0)
    if error is not None and number == 0:
        return "UNKNOWN"
    return _CODES.get(number, "UNKNOWN")
