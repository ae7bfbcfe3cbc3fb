"""The order of tools, without ADK."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from awaken.ext.adk.ordering import ToolOrder


class Invocation:
    """Stands for what an agent runs with; only its identity counts."""


async def use(
    order: ToolOrder, invocation: Any, name: str, log: list[str], error: Exception | None = None
) -> None:
    await order.begin(invocation)
    log.append(f"begin {name}")
    await asyncio.sleep(0)
    if error is not None:
        raise error
    log.append(f"end {name}")
    order.end()


async def test_tools_of_one_turn_run_in_order_and_those_of_others_beside_them() -> None:
    order, first, second, log = ToolOrder(), Invocation(), Invocation(), list[str]()

    await asyncio.gather(*(use(order, first, name, log) for name in "ab"), use(order, second, "c", log))

    assert log == ["begin a", "begin c", "end a", "end c", "begin b", "end b"]
    assert order._turns == {}


async def test_tool_that_uses_another_of_its_own_turn_does_not_wait_for_itself() -> None:
    order, invocation, log = ToolOrder(), Invocation(), list[str]()

    async def outer() -> None:
        await order.begin(invocation)  # type: ignore[arg-type]
        await use(order, invocation, "inner", log)
        await asyncio.create_task(use(order, invocation, "task", log))
        log.append("end outer")
        order.end()

    await asyncio.wait_for(asyncio.gather(outer(), use(order, invocation, "next", log)), 5)

    assert log[-3:] == ["end outer", "begin next", "end next"]
    assert order._turns == {}


async def test_next_tool_begins_when_nobody_called_end() -> None:
    order, invocation, log = ToolOrder(), Invocation(), list[str]()

    async def forgetful() -> None:
        await order.begin(invocation)  # type: ignore[arg-type]

    await asyncio.gather(asyncio.create_task(forgetful()), use(order, invocation, "next", log))

    assert log == ["begin next", "end next"]


async def test_tools_after_one_that_failed_wait_until_they_are_cancelled() -> None:
    order, invocation, log = ToolOrder(), Invocation(), list[str]()
    tasks = [
        asyncio.create_task(use(order, invocation, "a", log, ValueError("no"))),
        asyncio.create_task(use(order, invocation, "b", log)),
    ]

    with pytest.raises(ValueError, match="no"):
        await asyncio.gather(*tasks)
    await asyncio.sleep(0.01)
    assert log == ["begin a"]
    tasks[1].cancel()
    await asyncio.wait(tasks)

    assert order._turns == {}
