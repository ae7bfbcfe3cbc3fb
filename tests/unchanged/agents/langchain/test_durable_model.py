"""Models that something else than an agent calls."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from awaken.errors import UsageError
from awaken.ext.langchain import DurableChatModel
from langchain.agents import create_agent
from langchain.agents.middleware import (
    SummarizationMiddleware,
    ToolCallLimitMiddleware,
)
from langchain_core.utils.function_calling import convert_to_openai_tool

from tests.unchanged.agents.langchain.basics import Forecast, question, texts
from tests.unchanged.agents.langchain.scripted import Scripted, asks, call, says
from tests.unchanged.agents.langchain.sdk import RestateMiddleware

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage


from tests.unchanged.agents.langchain.kit import agent, result_of


class BindingScripted(Scripted):
    """Binds tools as models of providers do."""

    def bind_tools(self, tools: Any, **options: Any) -> Any:
        return self.bind(tools=[convert_to_openai_tool(one) for one in tools], **options)


async def test_summaries_of_a_durable_model_are_not_repeated() -> None:
    summaries = []

    def summarize(messages: list[BaseMessage]) -> AIMessage:
        summaries.append(messages)
        return says(f"summary {len(summaries)}")

    def decide(messages: list[BaseMessage]) -> AIMessage:
        is_summarized = any("summary 1" in message.text for message in messages)
        return says("end") if is_summarized else asks(call("weather", city="Rome"))

    async def body(ctx: Any) -> list[str]:
        model = DurableChatModel(model=Scripted(script=[summarize]))
        others = [
            ToolCallLimitMiddleware(run_limit=5),
            SummarizationMiddleware(model, trigger=("messages", 4), keep=("messages", 2)),
        ]
        return texts(await agent(decide, decide, decide, middleware=others).ainvoke(question()))

    answer = await result_of(body)

    assert "summary 1" in answer[0]
    assert answer[-1] == "ai: end"
    assert len(summaries) == 1


async def test_durable_model_calls_tools_and_parses_answers() -> None:
    calls = []

    def answer(messages: list[BaseMessage]) -> AIMessage:
        calls.append(messages)
        return asks(call("Forecast", city="Rome"))

    async def body(ctx: Any) -> str:
        model = DurableChatModel(model=BindingScripted(script=[answer]), run_name="forecast")
        parsed = await model.with_structured_output(Forecast).ainvoke("?")
        await ctx.sleep(timedelta(milliseconds=1))
        return repr(parsed)

    assert await result_of(body) == repr(Forecast(city="Rome"))
    assert len(calls) == 1


async def test_durable_model_names_what_to_use() -> None:
    async def body(ctx: Any) -> None:
        DurableChatModel(model=Scripted(script=[says(".")])).invoke("?")

    with pytest.raises(UsageError, match=r"await model\.ainvoke"):
        await result_of(body)


async def test_durable_model_in_a_run_just_calls_the_model() -> None:
    async def body(ctx: Any) -> str:
        made = create_agent(
            DurableChatModel(model=Scripted(script=[says("hi")])), middleware=[RestateMiddleware()]
        )
        return texts(await made.ainvoke(question()))[-1]

    assert await result_of(body) == "ai: hi"
