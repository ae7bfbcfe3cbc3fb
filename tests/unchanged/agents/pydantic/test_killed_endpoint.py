"""A process that dies in the middle of an agent's work, on both runtimes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unchanged.agents.pydantic.sides import Side

pytestmark = pytest.mark.timeout(90)


def test_agents_go_on_after_a_kill(own: Side) -> None:
    asked, asking = own.begin("Agents/human")
    approved, approving = own.begin("Agents/deferred")
    gates = own.gate_of(asked, asking), own.gate_of(approved, approving)
    busy, letters = own.begin("Agents/parallel")
    letters.wait_for("letter", 1)

    own.serving.kill()
    own.client.resolve(gates[0], b'"fine"')
    own.client.resolve(gates[1], b"true")
    own.serving.start()

    assert own.client.attach(asked) == "reviewer: fine"
    assert own.client.attach(approved) == "deleted a"
    assert own.client.attach(busy) == "letter a,letter a | letter b,letter b | letter c,letter c"
    for effects in (asking, approving):
        assert len(effects.values("gate")) == 1
    for effects in (asking, approving, letters):
        assert len(effects.values("model")) == 2
    assert len(letters.values("letter")) <= 6 + 3, "only those in flight may happen again"


def test_rejected_review_is_a_terminal_error(own: Side) -> None:
    invocation, effects = own.begin("Agents/human")

    own.client.reject(own.gate_of(invocation, effects), "no budget")

    assert "no budget" in str(own.client.failure(invocation))


def test_cancelled_agent_ends_although_its_tool_waits(own: Side) -> None:
    invocation, effects = own.begin("Agents/human")
    own.gate_of(invocation, effects)

    own.client.cancel(invocation)

    assert "cancelled" in str(own.client.failure(invocation))
    assert len(effects.values("model")) == 1
