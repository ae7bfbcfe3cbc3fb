from __future__ import annotations

import asyncio

from tests.unit.runtime.harness import Harness, awakeable_of


async def test_exclusive_handlers_take_turns_in_the_order_they_came(harness: Harness) -> None:
    first = await harness.send("Counter/a/add_then_wait", 1)
    await harness.until_waiting()
    behind = [await harness.send("Counter/a/add", amount) for amount in (10, 100, 1000)]
    assert [harness.status(one) for one in behind] == ["pending"] * 3
    elsewhere = await harness.call("Counter/b/add", 5)

    await harness.runtime.resolve_awakeable(awakeable_of(first), b'"go"')

    assert elsewhere == 5
    assert [await harness.result(one) for one in behind] == [11, 111, 1111]
    assert harness.rows("SELECT * FROM inbox") == []


async def test_shared_handler_does_not_wait_and_sees_what_is_stored(harness: Harness) -> None:
    first = await harness.send("Counter/a/add_then_wait", 7)
    await harness.until_waiting()

    assert await harness.call("Counter/a/total") == 7

    await harness.runtime.kill(first)
    assert await harness.call("Counter/a/total") == 7


async def test_key_is_kept_while_suspended_and_paused(harness: Harness) -> None:
    holder = await harness.send("Impatient/a/wait")
    await harness.until_waiting()
    behind = await harness.send("Impatient/a/wait")
    harness.advance(1000)
    await harness.until_status(holder, "suspended")
    assert harness.status(behind) == "pending"

    await harness.runtime.resolve_awakeable(awakeable_of(holder), b'"1"')
    assert await harness.result(holder) == "1"
    await harness.until_status(behind, "running")


async def test_delayed_one_joins_the_queue_when_it_is_due(harness: Harness) -> None:
    delayed = await harness.send("Counter/a/add", 1, delay_ms=1000)
    holder = await harness.send("Counter/a/add_then_wait", 10)
    await harness.until_waiting()

    harness.advance(1000)
    assert harness.status(delayed) == "pending"
    await harness.runtime.resolve_awakeable(awakeable_of(holder), b'"go"')

    assert await harness.result(delayed) == 11


async def test_removing_one_from_the_queue_leaves_the_order(harness: Harness) -> None:
    holder = await harness.send("Counter/a/add_then_wait", 0)
    await harness.until_waiting()
    behind = [await harness.send("Counter/a/add", amount) for amount in (1, 10, 100)]

    await harness.runtime.cancel(behind[1])
    await harness.runtime.resolve_awakeable(awakeable_of(holder), b'"go"')

    assert await harness.result(behind[0]) == 1
    assert await harness.result(behind[2]) == 101


async def test_concurrent_adds_are_all_counted(harness: Harness) -> None:
    results = await asyncio.gather(*[harness.call("Counter/a/add", 1) for _ in range(50)])

    assert results == list(range(1, 51))
