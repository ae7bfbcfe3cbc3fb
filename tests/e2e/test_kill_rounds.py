"""The runtime is killed again and again while handlers wait and their results arrive."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from awaken import _core

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from tests.e2e.lanes import Lane

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HANDLERS = 200
KEYS = 8
#: Starting the server takes longer than a whole round.
ROUNDS = {"embedded": 20, "server": 3}
FIRST_AWAKEABLE = 17


@pytest.mark.lanes("h2-v6", "h2-v7-suspending")
def test_twenty_kills_lose_nothing_and_repeat_nothing(
    private_lane: Lane, request: pytest.FixtureRequest
) -> None:
    lane = private_lane
    rounds = ROUNDS[str(request.config.getoption("--runtime"))]
    chance = random.Random(7)
    invocations = [
        lane.client.send(
            "Counted/wait_between", f"key {number % KEYS}", headers={"idempotency-key": f"handler {number}"}
        )
        for number in range(HANDLERS)
    ]
    expected = {invocation: f"for {invocation}" for invocation in invocations}

    with ThreadPoolExecutor(8) as resolvers:
        for number in range(rounds):
            share = [resolvers.submit(_insist, lane, one) for one in invocations[number::rounds]]
            time.sleep(chance.uniform(0, 0.15))  # no condition: the kill may come at any moment
            lane.runtime.kill()
            lane.runtime.start()
            for resolved in share:
                resolved.result()

    assert {invocation: lane.client.attach(invocation) for invocation in invocations} == expected
    eventually(lambda: _total(lane), lambda total: total == 2 * HANDLERS, what="the sum of the counters")


def _insist(lane: Lane, invocation: str) -> None:
    """Resolve the awakeable of an invocation, and repeat the request until a response confirms it."""
    raw = _core.parse_invocation_id(invocation)
    awakeable = _core.format_awakeable_id(raw, FIRST_AWAKEABLE)
    while True:
        try:
            lane.client.resolve(awakeable, f'"for {invocation}"'.encode()).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.02)
        else:
            return


def _total(lane: Lane) -> int:
    return sum(lane.client.call(f"Meter/key {key}/total") for key in range(KEYS))
