"""The environment of a handler: context managers, context variables, logging."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from tests.compat.side import Side
    from tests.e2e.effects import Effects


def test_context_managers_of_service_and_handler_are_entered(side: Side) -> None:
    assert side.call("Surroundings/managed") == ["service", "handler"]


def test_context_is_ambient(side: Side) -> None:
    assert side.call("Surroundings/ambient") is True


def test_request_knows_its_attempt(side: Side) -> None:
    assert side.call("Surroundings/attempt") == [False, True]


def test_end_of_the_attempt_is_an_event(side: Side) -> None:
    name = uuid4().hex

    assert side.call("Surroundings/watched", name) is False
    assert side.call("Surroundings/was_finished", name) is True


def test_log_is_silent_while_it_replays(side: Side, effects: Effects) -> None:
    invocation = side.send("Surroundings/logged", effects.path)
    gate = effects.wait_for_one("gate")
    side.client.wait_for_status(invocation, ["running"])
    side.client.admin.patch(f"/invocations/{invocation}/pause").raise_for_status()
    side.client.wait_for_status(invocation, ["paused", "suspended"])
    side.client.admin.patch(f"/invocations/{invocation}/resume").raise_for_status()
    side.client.resolve(gate)
    side.attach(invocation)

    assert [line for line in effects.lines() if line in ("before", "after")] == ["before", "after"]
