"""What every method of the gRPC services has in common: how its errors become statuses."""

from __future__ import annotations

import logging
from contextlib import aclosing
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import grpc
import grpc.aio

from awaken.control.errors import OperationError
from awaken.errors import InvalidIdError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

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


def streams(method: Callable[..., AsyncGenerator[R, None]]) -> Callable[..., Awaitable[None]]:
    """Turn errors of operations into those of gRPC, for a method with many answers of a service with `turns`.

    The answers are written here, rather than yielded to gRPC, which leaves a generator whose caller has gone to the
    garbage collector, with all that it holds.
    """

    @wraps(method)
    async def stream(self: Any, request: Any, context: Context) -> None:
        try:
            async with aclosing(method(self, request, context)) as messages:
                async for message in messages:
                    await self.turns.write(context, message)
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
