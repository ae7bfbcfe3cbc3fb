"""The example runs as it is, without a key."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from awaken.testing import open_environment

if TYPE_CHECKING:
    import pytest


async def test_example_waits_for_a_person(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delitem(sys.modules, "examples.agents.openai_approval", raising=False)
    example = importlib.import_module("examples.agents.openai_approval")

    async with open_environment(example.app, always_replay=True) as env:
        for text, answer in (("a desk", "yes"), ("a boat", "no")):
            sent = await env.client.object_send(example.ask, "ada", text)
            await env.awakeable().resolve(answer)
            assert await env.client.attach(sent.invocation_id) == f"The answer is: {answer}"
        assert len(env.state("Expenses", "ada")["items"]) == 8

    assert [line.partition("?")[0] for line in capsys.readouterr().out.splitlines()] == [
        "300.00 EUR for a desk",
        "300.00 EUR for a boat",
    ]
