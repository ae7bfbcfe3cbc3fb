"""The environment of a handler: context managers, the ambient context, context variables, the log."""

from __future__ import annotations

import contextvars
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.compat.sdk import extensions, named, restate
from tests.e2e.services.outside import record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

entered: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("entered", default=())
left: list[str] = []


@asynccontextmanager
async def of_the_service() -> AsyncIterator[None]:
    entered.set((*entered.get(), "service"))
    yield
    left.append("service")


@asynccontextmanager
async def of_the_handler() -> AsyncIterator[None]:
    entered.set((*entered.get(), "handler"))
    yield
    left.append("handler")


surroundings = restate.Service(named("Surroundings"), invocation_context_managers=[of_the_service])


@surroundings.handler(invocation_context_managers=[of_the_handler])
async def managed(ctx: restate.Context) -> list[str]:
    return list(entered.get())


@surroundings.handler()
async def ambient(ctx: restate.Context) -> bool:
    def deep_down() -> Any:
        return extensions.current_context()

    return deep_down() is not None and deep_down().request().id == ctx.request().id


@surroundings.handler()
async def attempt(ctx: restate.Context) -> list[bool]:
    request = ctx.request()
    return [
        request.attempt_finished_event.is_set(),
        request.attempt_headers["content-type"].startswith("application/vnd.restate.invocation.v"),
    ]


@surroundings.handler()
async def watched(ctx: restate.Context, name: str) -> bool:
    """Leave the event of this attempt behind."""
    events[name] = ctx.request().attempt_finished_event
    return bool(events[name].is_set())


events: dict[str, Any] = {}


@surroundings.handler()
async def was_finished(ctx: restate.Context, name: str) -> bool:
    await events[name].wait()
    return bool(events[name].is_set())


@surroundings.handler()
async def logged(ctx: restate.Context, effects: str) -> None:
    """Log to a file before and after a wait; a replay must not write a line twice."""
    import logging

    logger = restate.getLogger(f"compat.{effects}")
    logger.setLevel(logging.INFO)
    if not logger.handlers:
        logger.addHandler(logging.FileHandler(effects))
    logger.info("before")
    id_, future = ctx.awakeable()
    await ctx.run_typed("hand out", record, path=effects, word="gate", value=id_)
    await future
    logger.info("after")
