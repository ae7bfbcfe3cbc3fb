"""Agents in handlers of this process."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

import awaken
from awaken.testing import open_environment
from pydantic_ai import Agent

from tests.unchanged.agents.pydantic.scripted import scripted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


async def in_handler(work: Callable[[], Awaitable[Any]], **options: Any) -> Any:
    """Execute something in a handler that replays at every wait, and return its result."""
    service = awaken.Service("Work")

    @service.handler()
    async def execute(ctx: awaken.Context) -> Any:
        return await work()

    async with open_environment(service, **{"always_replay": True, **options}) as env:
        return await env.client.service_call(execute, None)


class Counting:
    """Counts by name."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def agent(self, *script: Any, **options: Any) -> Agent[Any, Any]:
        return Agent(scripted(*script, count=lambda: self.add("model", None)), **options)

    def add(self, name: str, value: T) -> T:
        """Count, and return the value."""
        self.counts[name] += 1
        return value


async def output_of(run: Awaitable[Any]) -> Any:
    """Return the output of a run."""
    return (await run).output
