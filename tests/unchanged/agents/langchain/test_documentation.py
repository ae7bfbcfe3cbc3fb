"""The example of the page about agents works."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from awaken.testing import open_environment

from tests.unchanged.agents.langchain.scripted import Scripted, asks, call, says
from tests.unit.test_docs import run, section

if TYPE_CHECKING:
    import pytest
    from langchain_core.messages import AIMessage, BaseMessage


def decide(messages: list[BaseMessage]) -> AIMessage:
    """Ask for an approval once, then tell how long the conversation is."""
    if any(message.type == "tool" for message in messages):
        return says(f"{len(messages)} messages, the last: {messages[-1].text}")
    return asks(call("approve", amount=300))


def open_ai(model: str) -> Any:
    assert model
    return Scripted(script=[decide] * 9)


async def test_example_asks_a_person_and_keeps_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = section("how-to/agents.md", "LangChain")
    package = ModuleType("langchain_openai")
    package.ChatOpenAI = open_ai  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "langchain_openai", package)
    monkeypatch.setitem(sys.modules, "documented", ModuleType("documented"))
    documented = run(code)

    async with open_environment(documented["app"], always_replay=True) as env:
        asked = await env.client.object_send(documented["ask"], "ada", "May I?")
        await env.awakeable().resolve("yes")
        first = await env.client.attach(asked.invocation_id)
        second = await env.client.object_call(documented["ask"], "ada", "Really?")

    assert [first, second] == ["3 messages, the last: yes", "5 messages, the last: Really?"]


async def test_example_runs_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODEL", raising=False)
    from examples.agents import langchain_expenses as example

    async with open_environment(example.app, always_replay=True) as env:
        sent = await env.client.service_send(example.submit, "a desk")
        await env.awakeable().resolve("yes")

        assert await env.client.attach(sent.invocation_id) == "Decided: yes."
