"""The agent of the cookbook: it pays small refunds alone, and a crash makes it neither ask nor pay twice."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from awaken.testing import Environment

pytestmark = [pytest.mark.usefixtures("links"), pytest.mark.slow]


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    if "OPENAI_API_KEY" in os.environ:
        pytest.fail("the scripted model plays only without OPENAI_API_KEY")
    from examples.agent_approval import agent

    monkeypatch.setattr(agent, "LEDGER", tmp_path / "refunds.txt")
    return agent


@pytest.fixture
def awaken_app(example: ModuleType) -> Any:
    return example.app


def paid(example: ModuleType) -> list[str]:
    ledger: Path = example.LEDGER
    return ledger.read_text().splitlines() if ledger.exists() else []


async def test_small_refund_is_paid_at_once(awaken_env: Environment, example: ModuleType) -> None:
    question = await awaken_env.client.object_call(example.say, "ada", "I want my money back")
    answer = await awaken_env.client.object_call(example.say, "ada", "It is order 4712")

    assert question == "Which order is it about?"
    assert answer == "About your refund: 40 euros are on their way."
    assert paid(example) == ["order 4712: 40 euros"]


@pytest.mark.parametrize(
    ("decision", "answer", "ledger"),
    [
        ({"approved": True}, "300 euros are on their way", ["order 4711: 300 euros"]),
        ({"approved": True, "euros": 150}, "150 euros are on their way", ["order 4711: 150 euros"]),
        ({"approved": False, "comment": "the desk was used"}, "declined, the desk was used", []),
    ],
)
async def test_a_person_decides_on_large_refunds(
    awaken_env: Environment, example: ModuleType, decision: dict[str, Any], answer: str, ledger: list[str]
) -> None:
    said = asyncio.create_task(awaken_env.client.object_call(example.say, "ada", "Refund order 4711"))
    question = awaken_env.approval("Refund 300 euros for order 4711?")
    await question.id()
    before = paid(example)

    await question.answer(example.Decision(**decision), by="lead@example.com")

    assert await said == f"About your refund: {answer}."
    assert before == []
    assert paid(example) == ledger


async def test_nobody_in_two_days_is_a_no(awaken_env: Environment, example: ModuleType) -> None:
    said = asyncio.create_task(awaken_env.client.object_call(example.say, "ada", "Refund order 4711"))
    await awaken_env.approval().id()

    await awaken_env.advance(days=2)

    assert "nobody had the time" in await said


async def test_the_limit_holds_for_the_sum_of_an_order(awaken_env: Environment, example: ModuleType) -> None:
    for euros in (60, 60):
        with example.agent.override(model=refunding(example, "4711", euros)):
            said = asyncio.create_task(awaken_env.client.object_call(example.say, "ada", f"{euros}, please"))
            if euros == 60 and paid(example):
                await awaken_env.approval("Refund 60 euros for order 4711?").answer(example.Decision(False))
            answer = await said

    assert paid(example) == ["order 4711: 60 euros"]
    assert "declined" in answer


def refunding(example: ModuleType, number: str, euros: int) -> Any:
    """Return a model that asks for an amount, whatever the order was."""
    call = example.ToolCallPart("refund", {"number": number, "euros": euros, "reason": "?"})

    async def answer(messages: list[Any], info: Any) -> Any:
        last = messages[-1].parts[-1]
        is_over = isinstance(last, example.ToolReturnPart)
        return example.ModelResponse(parts=[example.TextPart(last.content) if is_over else call])

    return example.FunctionModel(answer)


async def test_a_crash_asks_the_model_nothing_again(
    awaken_env: Environment, example: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def count(messages: list[Any], info: Any) -> Any:
        asked.append(type(messages[-1].parts[-1]).__name__)
        return await example.pretend(messages, info)

    monkeypatch.setattr(example.agent, "model", example.FunctionModel(count))
    said = asyncio.create_task(awaken_env.client.object_call(example.say, "ada", "Refund order 4711"))
    question = awaken_env.approval()
    await question.id()
    await awaken_env.settle()
    await awaken_env.crash()

    await question.answer(example.Decision(True), by="lead@example.com")

    assert await said == "About your refund: 300 euros are on their way."
    assert asked == ["UserPromptPart", "ToolReturnPart", "ToolReturnPart"]
    assert paid(example) == ["order 4711: 300 euros"]
