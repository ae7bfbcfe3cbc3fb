"""One program under the official SDK and under ours: the same answers, and journals that each can continue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compat.serving import Serving
from tests.unchanged.agents.pydantic.sides import APP

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.unchanged.agents.pydantic.sides import Side

pytestmark = pytest.mark.timeout(90)

CALL = ("Command: Run", "Model call")

#: What each handler answers, how often its model is asked, and its commands between input and output.
SHAPES = {
    "basic": ("look Zürich", 2, [CALL, ("Command: Run", "look"), CALL]),
    "streaming": (
        "look Zürich ",
        2,
        [
            ("Command: Run", "Model stream call"),
            ("Command: Run", "look"),
            ("Command: Run", "Model stream call"),
        ],
    ),
    "wrapped": ("{'n': 0} | {'n': 1} | {'n': 2}", 2, [CALL, *[("Command: Run", "Calling fetch")] * 3, CALL]),
    "structured": ({"name": "Bern", "people": 134_000, "requests": 2}, 2, [CALL, CALL]),
    "failing": ("418 closed", 1, [CALL]),
}


@pytest.mark.parametrize("handler", SHAPES)
def test_handler_has_the_same_answer_and_commands_under_both(sides: Mapping[str, Side], handler: str) -> None:
    answer, requests, commands = SHAPES[handler]
    for sdk, side in sides.items():
        invocation, effects = side.begin(f"Agents/{handler}")
        assert side.client.attach(invocation) == answer, sdk
        assert len(effects.values("model")) == requests, sdk
        journal = side.commands(invocation)
        assert journal[0][0] == "Command: Input"
        assert journal[-1][0] == "Command: Output"
        assert journal[1:-1] == commands, sdk


def test_exhausted_model_is_the_same_terminal_error_under_both(sides: Mapping[str, Side]) -> None:
    failures = {}
    for sdk, side in sides.items():
        invocation, effects = side.begin("Agents/down")
        failures[sdk] = str(side.client.failure(invocation))
        assert len(effects.values("model")) == 2
    assert failures["official"] == failures["awaken"]
    assert "ZeroDivisionError" in failures["awaken"]


def test_agents_of_other_handlers_are_called(sides: Mapping[str, Side]) -> None:
    """Under ours only, for the reason below."""
    side = sides["awaken"]
    invocation, effects = side.begin("Agents/several")
    assert side.client.attach(invocation) == "remote advice | local advice"
    assert side.commands(invocation)[1:-1] == [CALL, ("Command: Call", ""), CALL, CALL]
    assert len(effects.values("model")) == 4


def test_tools_side_by_side_issue_their_commands_in_an_order_that_replays(sides: Mapping[str, Side]) -> None:
    """Under ours only: the official SDK sometimes never answers when tasks wait for runs and sleeps side by side."""
    side = sides["awaken"]
    invocation, _ = side.begin("Agents/parallel")
    assert side.client.attach(invocation) == "letter a,letter a | letter b,letter b | letter c,letter c"
    commands = side.commands(invocation)[1:-1]
    assert commands[:4] == [CALL, *(("Command: Run", f"first {office}") for office in "abc")]
    assert sorted(commands[4:-1]) == sorted(
        [("Command: Sleep", "")] * 3 + [("Command: Run", f"second {office}") for office in "abc"]
    )
    assert commands[-1] == CALL


# The last tests of this file: the processes do not come back.
@pytest.mark.parametrize(("first", "second"), [("official", "awaken"), ("awaken", "official")])
def test_invocation_that_one_begins_ends_under_the_other(
    sides: Mapping[str, Side], tmp_path: Path, first: str, second: str
) -> None:
    side = sides[first]
    successor = Serving(second, side.serving.prefix, tmp_path, APP, port=side.serving.port)

    asked, asking = side.begin("Agents/human")
    approved, approving = side.begin("Agents/deferred")
    gates = side.gate_of(asked, asking), side.gate_of(approved, approving)
    side.serving.kill()
    try:
        successor.start()
        side.client.resolve(gates[0], b'"yes"')
        side.client.resolve(gates[1], b"true")
        assert side.client.attach(asked) == "reviewer: yes"
        assert side.client.attach(approved) == "deleted a"
    finally:
        successor.kill()

    for effects in (asking, approving):
        assert len(effects.values("model")) == 2
        assert len(effects.values("gate")) == 1
