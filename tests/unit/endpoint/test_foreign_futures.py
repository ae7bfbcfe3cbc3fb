"""A handler that awaits the future of another invocation gets an error at once: on a replay it might not be there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.diagnostics import development

from tests import frames
from tests.unit.endpoint.fakes import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def iterate(*futures: Any) -> None:
    async for _ in awaken.as_completed(*futures):
        ...


COMBINATORS: dict[str, Callable[[Any, Any], Awaitable[Any]]] = {
    "gather": lambda mine, other: awaken.gather(mine, other),
    "select": lambda mine, other: awaken.select(a=mine, b=other),
    "wait_completed": lambda mine, other: awaken.wait_completed(mine, other),
    "as_completed": lambda mine, other: iterate(mine, other),
}
OF_ASYNCIO: dict[str, Callable[[Any, Any], Awaitable[Any]]] = {
    "await": lambda _, other: other,
    "gather": lambda mine, other: asyncio.gather(mine, other),
    "wait_for": lambda _, other: asyncio.wait_for(other, 60),
    "wait": lambda _, other: asyncio.wait([other]),
}


async def outcome_of(combine: Callable[[Any, Any], Awaitable[Any]]) -> str:
    """Have one invocation await what another one awaits, and return what it raised."""
    service = awaken.Service("S")
    given: list[Any] = []

    @service.handler()
    async def owner(ctx: awaken.Context) -> None:
        given.append(ctx.awakeable().future)
        await given[0]

    @service.handler()
    async def other(ctx: awaken.Context) -> str:
        try:
            await combine(ctx.awakeable().future, given[0])
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return "nothing"

    first = Call(service, "owner")
    first.send(frames.request())
    await first.settle()
    second = Call(service, "other")
    with development.enabled():
        second.send(frames.request())
        await second.until_answer("Output", "End")

    first.send(frames.signal(17, b""))
    await first.until_answer("Output", "End")
    return second.exchange.body.decode(errors="replace")


@pytest.mark.parametrize("name", COMBINATORS)
async def test_combinators_refuse_it_as_the_official_sdk_does(name: str) -> None:
    failure = await outcome_of(COMBINATORS[name])
    assert "UsageError: awakeable sign_1" in failure
    assert "belong to different invocations" in failure


@pytest.mark.parametrize("name", OF_ASYNCIO)
async def test_functions_of_asyncio_refuse_it_with_its_place(name: str) -> None:
    failure = await outcome_of(OF_ASYNCIO[name])
    assert "LocalProtocolError: cannot await awakeable sign_1" in failure
    assert f"{__file__.rpartition('/')[2]}:" in failure
    assert "it belongs to S/owner" in failure


class Later:
    """An awaitable of the author's own, around a durable result."""

    def __init__(self, future: Any) -> None:
        self._future = future

    def __await__(self) -> Any:
        return (yield from self._future)


async def test_awaitables_of_the_author_may_delegate_to_a_durable_result() -> None:
    service = awaken.Service("S")

    @service.handler()
    async def h(ctx: awaken.Context) -> Any:
        return await Later(ctx.awakeable().future)

    call = Call(service, "h")
    call.send(frames.request())
    await call.settle()
    call.send(frames.signal(17, b'"yes"'))
    await call.until_answer("Output", "End")

    assert b'"yes"' in call.exchange.body
