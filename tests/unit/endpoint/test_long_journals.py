"""What a handler pays for each entry does not depend on how many there are, however it awaits them."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken import as_completed, gather, select

from tests.unit.runtime.harness import Harness

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from types import FrameType

pytestmark = pytest.mark.slow

ledger = awaken.Service("Ledger")


async def one() -> int:
    return 1


async def in_sequence(ctx: awaken.Context, count: int) -> None:
    for _ in range(count):
        await ctx.run_typed("one", one)


async def gathered(ctx: awaken.Context, count: int) -> None:
    await gather(*[ctx.run_typed("one", one) for _ in range(count)])


async def gathered_by_asyncio(ctx: awaken.Context, count: int) -> None:
    await asyncio.gather(*[ctx.run_typed("one", one) for _ in range(count)])


async def as_they_complete(ctx: awaken.Context, count: int) -> None:
    async for completed in as_completed(*[ctx.run_typed("one", one) for _ in range(count)]):
        await completed


async def selected(ctx: awaken.Context, count: int) -> None:
    for _ in range(count // 2):
        await select(a=ctx.run_typed("one", one), b=ctx.run_typed("one", one))


async def resolved(ctx: awaken.Context, count: int) -> None:
    awakeables = [ctx.awakeable(type_hint=int) for _ in range(count)]
    for awakeable_id, _ in awakeables:
        ctx.resolve_awakeable(awakeable_id, 1)
    await gather(*[future for _, future in awakeables])


WAYS: dict[str, Callable[[awaken.Context, int], Awaitable[None]]] = {
    way.__name__: way
    for way in (in_sequence, gathered, gathered_by_asyncio, as_they_complete, selected, resolved)
}


@ledger.handler()
async def write(ctx: awaken.Context, asked: tuple[str, int]) -> None:
    await WAYS[asked[0]](ctx, asked[1])


async def calls_per_entry(harness: Harness, way: str, count: int) -> float:
    """Let a handler write a journal, and count what is called in this process for each entry."""
    calls = 0

    def note(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        if event.endswith("call"):
            calls += 1

    sys.setprofile(note)
    try:
        await harness.call("Ledger/write", [way, count])
    finally:
        sys.setprofile(None)
    return calls / count


@pytest.mark.parametrize("way", WAYS)
async def test_no_entry_costs_more_because_there_are_many(way: str, tmp_path: Path) -> None:
    harness = Harness(tmp_path / "data", [ledger])
    await harness.start()

    few = await calls_per_entry(harness, way, 100)
    many = await calls_per_entry(harness, way, 1_500)

    await harness.stop()
    assert many < 1.3 * few
