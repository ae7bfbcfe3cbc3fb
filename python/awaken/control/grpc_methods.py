"""What every method of the gRPC services has in common: how its errors become statuses."""

from __future__ import annotations

import logging
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import grpc
import grpc.aio

from awaken.control.errors import OperationError
from awaken.errors import InvalidIdError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from grpc.aio import ServicerContext

    Context: TypeAlias = ServicerContext[Any, Any]

__all__ = ["abort", "answers", "streams"]

log = logging.getLogger("awaken.control")

#: Characters of a text that goes with a status: it travels in a header, and clients take 8 KB of those. Each character
#: may take up to twelve bytes there.
_TEXT_SIZE: Final = 600

R = TypeVar("R")


def answers(method: Callable[..., Awaitable[R]]) -> Callable[..., Awaitable[R]]:
    """Turn errors of operations into those of gRPC, for a method with one answer."""

    @wraps(method)
    async def answer(self: Any, request: Any, context: Context) -> R:
        try:
            return await method(self, request, context)
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            await _report(context, error)
            raise

    return answer


def streams(method: Callable[..., AsyncIterator[R]]) -> Callable[..., AsyncIterator[R]]:
    """Turn errors of operations into those of gRPC, for a method with many answers."""

    @wraps(method)
    async def stream(self: Any, request: Any, context: Context) -> AsyncIterator[R]:
        try:
            async for message in method(self, request, context):
                yield message
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            await _report(context, error)

    return stream


async def abort(context: Context, status: str, text: str) -> None:
    """End a call with a status, by its name, and a text, shortened to what can be carried."""
    if len(text) > _TEXT_SIZE:
        text = f"{text[: _TEXT_SIZE - 40]}... and {len(text) - _TEXT_SIZE + 40} characters more"
    await context.abort(grpc.StatusCode[status], text)


async def _report(context: Context, error: Exception) -> None:
    if isinstance(error, InvalidIdError):
        await abort(context, "INVALID_ARGUMENT", str(error))
    if isinstance(error, OperationError):
        await abort(context, error.grpc_status, str(error))
    log.error("a call of the gRPC control plane failed", exc_info=error)
    await abort(context, "INTERNAL", "internal error; see the log of the control plane")
