"""Side effects happen once, and times and random numbers are the same when a handler replays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.services.actions import REPLAYS

if TYPE_CHECKING:
    from tests.e2e.effects import Effects
    from tests.e2e.ingress import Client


def test_actions_are_plain_or_async_and_take_arguments(client: Client) -> None:
    assert client.call("Actions/arithmetic") == [3, 7, 11, 15, 9]


def test_failing_action_is_tried_again_until_it_succeeds(client: Client, effects: Effects) -> None:
    request = {"effects": effects.path, "failures": 2, "max_attempts": 5}

    assert client.call("Actions/failing", request) == {"value": "done"}
    assert len(effects.values("attempt")) == 3


def test_action_that_uses_up_its_attempts_raises_a_terminal_error(client: Client, effects: Effects) -> None:
    request = {"effects": effects.path, "failures": 99, "max_attempts": 3}

    answer = client.call("Actions/failing", request)

    assert answer["code"] == 500
    assert "not yet" in answer["message"]
    assert len(effects.values("attempt")) == 3


def test_terminal_error_in_an_action_is_not_tried_again(client: Client, effects: Effects) -> None:
    failure = client.failure(client.send("Actions/refused", effects.path))

    assert (failure.code, failure.message, failure.metadata) == (418, "out of stock", {"item": "teapot"})
    assert len(effects.values("attempt")) == 1


def test_finished_action_is_not_done_again(client: Client, effects: Effects) -> None:
    assert client.call("Actions/once", effects.path) == "done"

    assert len(effects.values("execution")) == REPLAYS
    assert len(effects.values("paid")) == 1


@pytest.mark.lanes("h2-v6", "h2-v7", "h2-v7-suspending")
def test_chance_and_time_are_the_same_in_every_execution(client: Client, effects: Effects) -> None:
    client.call("Actions/chance", effects.path)

    drawn = effects.values("drawn")
    assert len(drawn) >= REPLAYS
    assert len(set(drawn)) == 1


def test_chance_differs_between_invocations(client: Client, effects: Effects) -> None:
    assert client.call("Actions/chance", effects.path) != client.call("Actions/chance", effects.path)


def test_sleep_lasts_as_long_as_asked(client: Client) -> None:
    assert 0.3 <= client.call("Actions/nap", 0.3) < 5


def test_gather_waits_for_all_actions(client: Client) -> None:
    assert client.call("Actions/together") == [0, 2, 4]
