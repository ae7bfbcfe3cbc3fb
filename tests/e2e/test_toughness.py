"""Whichever process is killed, every invocation ends exactly once and no result is lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]
MANY = 100


@pytest.mark.lanes("h2-v6-suspending", "h2-v7-suspending", "h1-v6")
def test_suspended_handler_holds_nothing_on_the_endpoint(private_lane: Lane, effects: Effects) -> None:
    lane, client = private_lane, private_lane.client
    invocation = client.send("Awaiting/value", effects.path)
    awakeable = effects.wait_for_one("id")
    client.wait_for_status(invocation, ["suspended"])

    lane.endpoint.kill()
    status_without_endpoint = client.invocation(invocation)["status"]
    client.resolve(awakeable, b'"while nobody serves"')
    client.wait_for_status(invocation, ["backing-off"])
    lane.endpoint.start()

    assert status_without_endpoint == "suspended"
    assert client.attach(invocation) == {"value": "while nobody serves"}
    assert len(effects.values("id")) == 1


@pytest.mark.lanes("h2-v7-suspending", "h1-v6")
def test_suspended_handler_resumes_on_another_endpoint(private_lane: Lane, effects: Effects) -> None:
    lane, client = private_lane, private_lane.client
    invocation = client.send("Awaiting/value", effects.path)
    awakeable = effects.wait_for_one("id")
    client.wait_for_status(invocation, ["suspended"])
    lane.endpoint.kill()
    other = lane.another_endpoint()
    other.start()

    try:
        client.move(lane.deployment_id, other.url)
        client.resolve(awakeable, b'"elsewhere"')
        answer = client.attach(invocation)
    finally:
        other.kill()

    assert answer == {"value": "elsewhere"}


@pytest.mark.lanes("h2-v6", "h2-v7-suspending")
def test_killed_endpoint_loses_no_waiting_handler(private_lane: Lane, effects: Effects) -> None:
    lane, client = private_lane, private_lane.client
    waiting = _start_many(lane, effects)
    first, rest = _split(waiting)

    lane.endpoint.kill()
    _resolve(lane, first)
    lane.endpoint.start()
    _resolve(lane, rest)

    _assert_each_ended_once(lane, effects, waiting)
    assert client.call("Greeter/greet", "again") == "Hello again!"


@pytest.mark.lanes("h2-v6", "h2-v7-suspending")
def test_killed_runtime_loses_no_waiting_handler(private_lane: Lane, effects: Effects) -> None:
    lane = private_lane
    waiting = _start_many(lane, effects)
    first, rest = _split(waiting)

    _resolve(lane, first)
    lane.runtime.kill()
    lane.runtime.start()
    _resolve(lane, rest)

    _assert_each_ended_once(lane, effects, waiting, in_flight=first)


@pytest.mark.lanes("h2-v6")
def test_killing_both_sides_loses_no_waiting_handler(private_lane: Lane, effects: Effects) -> None:
    lane = private_lane
    waiting = _start_many(lane, effects)

    lane.runtime.kill()
    lane.endpoint.kill()
    lane.endpoint.start()
    lane.runtime.start()
    _resolve(lane, waiting)

    _assert_each_ended_once(lane, effects, waiting)


@pytest.mark.lanes("h2-v6", "h2-v7", "h1-v6")
def test_endpoint_drains_on_sigterm_and_exits_cleanly(private_lane: Lane, effects: Effects) -> None:
    lane, client = private_lane, private_lane.client
    invocation = client.send("Awaiting/value", effects.path)
    awakeable = effects.wait_for_one("id")
    client.wait_for_status(invocation, lane.waiting)

    exit_code = lane.endpoint.stop()
    other = lane.another_endpoint()
    other.start()
    try:
        client.move(lane.deployment_id, other.url)
        client.resolve(awakeable, b'"after the deploy"')
        answer = client.attach(invocation)
    finally:
        other.kill()

    assert exit_code == 0
    assert answer == {"value": "after the deploy"}
    assert len(effects.values("id")) == 1


@pytest.mark.lanes("h2-v6")
def test_drain_lets_a_busy_handler_finish(private_lane: Lane, effects: Effects) -> None:
    lane, client = private_lane, private_lane.client
    invocation = client.send("Failing/busy_until_told", effects.path)
    effects.wait_for("busy")

    lane.endpoint.terminate()
    effects.add("stop")
    exit_code = lane.endpoint.wait(within=20)

    assert exit_code == 0
    assert client.attach(invocation) == "finished in execution 1"


@pytest.mark.lanes("h2-v6", "h1-v6")
def test_drained_endpoint_with_nothing_left_to_do_ends_at_once(private_lane: Lane) -> None:
    lane, client = private_lane, private_lane.client
    assert client.call("Greeter/greet", "Ada") == "Hello Ada!"

    lane.endpoint.terminate()
    exit_code = lane.endpoint.wait(within=5)  # the grace period has 10 s

    assert exit_code == 0
    assert "did not end" not in lane.endpoint.log


def _start_many(lane: Lane, effects: Effects) -> dict[str, str]:
    """Start handlers that wait, and return awakeable ids by invocation id once all of them wait."""
    invocations = [lane.client.send("Awaiting/tagged", effects.path) for _ in range(MANY)]
    handed_out = dict(line.split() for line in effects.wait_for("id", MANY))
    # An action whose result is not stored yet may be executed again after a kill.
    stored = "SELECT count(1) AS n FROM sys_journal WHERE entry_type = 'Notification: Run'"
    eventually(
        lambda: lane.client.query(stored)[0]["n"], lambda n: n == MANY, what=f"{MANY} stored action results"
    )
    return {invocation: handed_out[invocation] for invocation in invocations}


def _split(waiting: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    items = list(waiting.items())
    return dict(items[: MANY // 4]), dict(items[MANY // 4 :])


def _resolve(lane: Lane, waiting: dict[str, str]) -> None:
    for invocation, awakeable in waiting.items():
        lane.client.resolve(awakeable, f'"{invocation}"'.encode()).raise_for_status()


def _assert_each_ended_once(
    lane: Lane, effects: Effects, waiting: dict[str, str], *, in_flight: Collection[str] = ()
) -> None:
    """Check answers and effects; an action that is executing at a kill may be executed again."""
    answers = {invocation: lane.client.attach(invocation) for invocation in waiting}
    done = Counter(effects.values("done"))
    assert answers == {invocation: invocation for invocation in waiting}
    assert len(effects.values("id")) == MANY
    assert set(done) == set(waiting)
    assert {invocation for invocation, times in done.items() if times > 1} <= set(in_flight)
