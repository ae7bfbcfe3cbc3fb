"""Ordinary asyncio works on durable futures, and replays in the original order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.services.concurrency import REPLAYS

if TYPE_CHECKING:
    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client
    from tests.e2e.lanes import Lane

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


def test_every_way_to_wait_completes_and_replays_in_the_same_order(client: Client, effects: Effects) -> None:
    """The official SDK hangs in most of these, without a log line."""
    order = client.call("Concurrency/every_way", effects.path)

    assert len(order) == 16
    assert order[-1] == "1 done, 2 pending"
    assert len(effects.values("order")) >= REPLAYS
    assert set(effects.values("order")) == {", ".join(order)}


def test_deadline_of_an_awakeable_fires_also_when_suspended(client: Client, effects: Effects) -> None:
    """With the official SDK, `asyncio.timeout` does not fire once the invocation is suspended."""
    invocation = client.send("Concurrency/deadline", effects.path)

    client.resolve(effects.wait_for_one("id"), b'"at last"')

    assert client.attach(invocation) == ["DeadlineError", "at last"]


def test_timeout_bounds_a_block_with_tasks(client: Client) -> None:
    assert client.call("Concurrency/bounded_block") == "too late"


def test_uncaught_deadline_is_a_failure_that_is_not_retried(client: Client) -> None:
    failure = client.failure(client.send("Concurrency/uncaught_deadline"))

    assert failure.code == 408
    assert "no result of awakeable sign_1" in failure.message


def test_terminal_error_in_a_task_group_is_the_failure_of_the_invocation(client: Client) -> None:
    failure = client.failure(client.send("Concurrency/failing_group"))

    assert (failure.code, failure.message) == (418, "declined")


def test_handler_that_hides_its_suspension_still_gets_its_result(
    client: Client, lane: Lane, effects: Effects
) -> None:
    invocation = client.send("Concurrency/stubborn", effects.path)
    id_ = effects.wait_for_one("id")
    if lane.kind.suspends:
        client.wait_for_status(invocation, ["suspended"])

    client.resolve(id_, b'"resolved"')

    assert client.attach(invocation) == "resolved"
    if lane.kind.suspends:
        assert effects.values("hidden")
        assert "find the `except BaseException`" in lane.endpoint.log
        assert "services/concurrency.py:" in lane.endpoint.log
