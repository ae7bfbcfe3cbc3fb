"""Async generators that a handler leaves: they are closed at the same place live and on replay."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest

from tests import frames
from tests.unit.endpoint.fakes import Call
from tests.unit.endpoint.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECOND = timedelta(seconds=1)


async def name_it(name: str) -> str:
    return name


async def pages(ctx: awaken.Context, name: str = "book") -> AsyncIterator[str]:
    """Do something durable at the beginning and at the end."""
    try:
        for number in range(3):
            yield await ctx.run_typed(f"{name} {number}", name_it, name=f"{name} {number}")
    finally:
        await ctx.sleep(SECOND)
        await ctx.run_typed(f"closed {name}", name_it, name=name)


async def first_of(strings: AsyncIterator[str]) -> str:
    """Leave an iterator by a break."""
    found = ""
    async for found in strings:  # noqa: B007  # it is used
        break
    return found


async def left_by_break(ctx: awaken.Context) -> list[str]:
    page = await first_of(pages(ctx))
    await ctx.sleep(SECOND)
    return [page]


async def left_at_the_end(ctx: awaken.Context) -> list[str]:
    page = await first_of(pages(ctx))
    return [page]


async def left_in_a_variable(ctx: awaken.Context) -> list[str]:
    book = pages(ctx)
    page = await anext(book)
    await ctx.sleep(SECOND)
    return [page]


async def left_by_an_exception(ctx: awaken.Context) -> list[str]:
    with contextlib.suppress(ValueError):
        async for _ in pages(ctx):
            raise ValueError("no more")
    return [await ctx.run_typed("after", name_it, name="after")]


async def left_by_a_terminal_error(ctx: awaken.Context) -> list[str]:
    async for _ in pages(ctx):
        raise awaken.TerminalError("no more")
    return []


async def two_at_once(ctx: awaken.Context) -> list[str]:
    found: list[str] = []
    async for one in pages(ctx, "one"):
        found = [one, await first_of(pages(ctx, "other"))]
        break
    await ctx.sleep(SECOND)
    return found


async def one_in_another(ctx: awaken.Context) -> list[str]:
    async def outer() -> AsyncIterator[str]:
        async for page in pages(ctx):
            yield page

    page = await first_of(outer())
    await ctx.sleep(SECOND)
    return [page]


async def in_tasks(ctx: awaken.Context) -> list[str]:
    return list(await asyncio.gather(*(first_of(pages(ctx, name)) for name in ("one", "other"))))


async def closed_by_hand(ctx: awaken.Context) -> list[str]:
    async with contextlib.aclosing(pages(ctx)) as book:  # type: ignore[type-var]
        page = await first_of(book)
    await ctx.sleep(SECOND)
    return [page]


async def ours(ctx: awaken.Context) -> list[str]:
    async for future in awaken.as_completed(ctx.sleep(SECOND), ctx.run_typed("one", name_it, name="one")):
        return [f"{await future}"]
    return []


HANDLERS = [
    left_by_break,
    left_at_the_end,
    left_in_a_variable,
    left_by_an_exception,
    left_by_a_terminal_error,
    two_at_once,
    one_in_another,
    in_tasks,
    closed_by_hand,
    ours,
]


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("seed", range(3))
async def test_generator_is_closed_at_the_same_place_in_every_replay(handler: Any, seed: int) -> None:
    service = awaken.VirtualObject("S")

    @service.handler()
    async def execute(ctx: awaken.ObjectContext) -> list[str]:
        return await handler(ctx)  # type: ignore[no-any-return]

    world = World(service, "execute", random.Random(seed), version=7)
    await world.live()
    commands = world.commands()
    for length in range(1, len(world.journal) + 1):
        replayed = await world.replay_prefix(length)
        assert replayed.commands == commands
        suspended = await world.suspend_after_prefix(length)
        assert suspended.commands == commands[: len(suspended.commands)]
    if handler is not ours:
        closed = [command for command in commands if b"closed" in command.payload]
        assert len(closed) == (2 if handler in (two_at_once, in_tasks) else 1)


def call_of(handler: Any) -> Call:
    service = awaken.Service("S")
    service.handler(name="h")(handler)
    return Call(service, "h")


async def test_error_of_a_generator_that_is_closed_is_the_handlers() -> None:
    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            raise awaken.TerminalError("cannot be closed", 418)

    async def handler(ctx: awaken.Context) -> str:
        async for _ in numbers():
            break
        return "closed"

    call = call_of(handler)
    call.send(frames.request())
    await call.until_answer("Output", "End")
    assert b"cannot be closed" in call.exchange.body


async def test_attempt_that_ends_in_a_loop_leaves_its_generator_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ended: list[str] = []

    async def numbers(ctx: awaken.Context) -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            ended.append("closed")
            await ctx.run_typed("refused", name_it, name="refused")

    async def handler(ctx: awaken.Context) -> None:
        async for _ in numbers(ctx):
            await ctx.sleep(SECOND)

    call = call_of(handler)
    call.send(frames.request())
    call.end_request()
    await call.until_answer("Sleep", "Suspension")
    await call.settle()
    assert ended == ["closed"]
    assert not caplog.records


async def test_generators_outside_of_handlers_are_closed_as_asyncio_does() -> None:
    ended: list[str] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            ended.append("closed")

    call = call_of(left_by_break)
    call.send(frames.request())
    await call.settle()
    async for _ in numbers():
        break
    await call.until(lambda: ended != [])
    call.receiver.disconnect()
    await call.settle()

    assert ended == ["closed"]


@pytest.mark.parametrize("is_generator", [True, False])
async def test_durable_operation_of_the_garbage_collector_is_refused(is_generator: bool) -> None:
    refused: list[str] = []

    class Node:
        """Refers to itself."""

        def __init__(self, ctx: awaken.Context) -> None:
            self.ctx = ctx
            self.itself = self
            self.numbers: Any = None

        def __del__(self) -> None:
            if not is_generator:
                self.act()

        def act(self) -> None:
            try:
                self.ctx.generic_send("T", "h", b"")
            except awaken.TerminalError as error:
                refused.append(error.message)

    async def numbers(node: Node) -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            if is_generator:
                node.act()

    async def handler(ctx: awaken.Context) -> str:
        node = Node(ctx)
        node.numbers = numbers(node)
        await anext(node.numbers)
        del node
        gc.collect()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "done"

    call = call_of(handler)
    call.send(frames.request())
    await call.until_ended()
    assert call.answer == ["Output", "End"]
    [message] = refused
    assert "cannot send to T/h at " in message
    assert "garbage collector" in message
    assert "contextlib.aclosing" in message


async def test_what_the_collector_closes_decides_no_order() -> None:
    async def ask(is_collected: bool) -> bytes:
        service = awaken.Service("Collected")

        @service.handler()
        async def handle(ctx: awaken.Context) -> str:
            first, second, third, fourth = (ctx.awakeable(type_hint=str).future for _ in range(4))
            completing = awaken.as_completed(first, second)
            await anext(completing)
            cycle: list[Any] = [completing]
            cycle.append(cycle)
            del completing, cycle
            if is_collected:
                gc.collect()
            await fourth
            name, _ = await awaken.select(second=second, third=third)
            return str(name)

        call = Call(service, "handle")
        call.send(frames.request(b"", *(frames.signal(number, b'"x"') for number in (17, 19, 18, 20))))
        await call.until_ended()
        assert call.answer == ["Output", "End"]
        return call.exchange.body

    gc.collect()
    gc.disable()
    try:
        assert await ask(is_collected=True) == await ask(is_collected=False)
    finally:
        gc.enable()
