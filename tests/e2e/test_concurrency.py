"""Ordinary asyncio works on durable futures, and replays in the order of the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.services.concurrency import REPLAYS

if TYPE_CHECKING:
    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client

pytestmark = pytest.mark.lanes("h2-v6", "h2-v7", "h2-v6-suspending", "h2-v7-suspending")


def test_asyncio_gather_completes(client: Client) -> None:
    assert client.call("Concurrency/gather") == [2]


def test_task_group_completes(client: Client) -> None:
    assert client.call("Concurrency/task_group") == [0, 2, 4]


def test_asyncio_wait_goes_on_with_the_first(client: Client, effects: Effects) -> None:
    invocation = client.send("Concurrency/wait_first", effects.path)

    client.resolve(effects.wait_for_one("id"), b'"in time"')

    assert client.attach(invocation) == "in time"


def test_select_with_a_sleep_gives_up_on_an_awakeable(client: Client, effects: Effects) -> None:
    assert client.call("Concurrency/timed_select", effects.path) == "too late"


def test_tasks_see_results_in_the_same_order_in_every_execution(client: Client, effects: Effects) -> None:
    invocation = client.send("Concurrency/race", effects.path)
    a, b, c = effects.wait_for_one("ids").split()

    for awakeable in (c, a, b):
        client.resolve(awakeable, b"1")

    assert client.attach(invocation) == ["c", "a", "b"]
    assert len(effects.values("order")) >= REPLAYS
    assert set(effects.values("order")) == {"cab"}
