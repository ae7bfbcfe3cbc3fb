"""Handlers of the events of an agent, without those of requests, which arrive inside of the runs of the requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awaken.ext.pydantic.scope import durable_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator

    from pydantic_ai.agent import EventStreamHandler
    from pydantic_ai.messages import AgentStreamEvent
    from pydantic_ai.tools import RunContext

    from awaken.context.runs import RunOptions

__all__ = ["in_handler", "in_runs"]


def in_handler(handle: EventStreamHandler[Any]) -> EventStreamHandler[Any]:
    """Return a handler for the events between requests: as it is, but not called for nothing.

    The events of requests reached `handle` inside of their runs, so that the streams of requests are empty here.
    """

    async def forward(ctx: RunContext[Any], events: AsyncIterable[AgentStreamEvent]) -> None:
        iterator = aiter(events)
        first = await anext(iterator, None)
        if first is not None:
            await handle(ctx, _chain(first, iterator))

    return forward


def in_runs(handle: EventStreamHandler[Any], run_options: RunOptions[Any]) -> EventStreamHandler[Any]:
    """Return a handler that handles each event between requests in a run of its own, named `run event`."""

    async def forward(ctx: RunContext[Any], events: AsyncIterable[AgentStreamEvent]) -> None:
        async for event in events:

            async def handle_one(event: AgentStreamEvent = event) -> None:
                await handle(ctx, _chain(event))

            context = durable_context()
            if context is None:
                await handle_one()
            else:
                await context.run_typed("run event", handle_one, run_options)

    return forward


async def _chain(
    first: AgentStreamEvent, others: AsyncIterator[AgentStreamEvent] | None = None
) -> AsyncIterator[AgentStreamEvent]:
    yield first
    if others is not None:
        async for event in others:
            yield event
