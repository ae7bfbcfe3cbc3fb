"""An agent that asks a person before it decides. Without a key: a stand-in plays the model.

In a terminal:

    pip install 'awaken[langchain]'
    awaken dev examples.agents.langchain_expenses:app

In another one, send an expense, look for the question that waits, kill the first terminal's process if you like and
start it again, and answer:

    curl localhost:8080/Expenses/submit --json '"a desk for 300 euros"' &
    awaken awakeables list
    awaken resolve ID --json '"yes, if it is a good one"'

`MODEL=openai:gpt-5-mini` and a key have a real model decide, with `pip install langchain-openai`.
"""

from __future__ import annotations

import os
from typing import Any

import awaken
from awaken.ext.langchain import RestateMiddleware, restate_context
from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool


class StandIn(BaseChatModel):
    """Asks a person about everything, and repeats what they say."""

    @property
    def _llm_type(self) -> str:
        return "stand-in"

    def bind_tools(self, tools: Any, **options: Any) -> Any:
        """Know all tools already."""
        del tools, options
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        last = messages[-1]
        if last.type == "tool":
            answer = AIMessage(f"Decided: {last.text}.")
        else:
            call = {"name": "ask_manager", "args": {"question": f"Is {last.text} fine?"}, "id": "1"}
            answer = AIMessage("", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=answer)])


@tool
async def ask_manager(question: str) -> str:
    """Ask the manager, and wait for the answer: for seconds or weeks."""
    identifier, answer = restate_context().awakeable(type_hint=str)

    async def show() -> None:
        print(f"{question}  awaken resolve {identifier} --json '\"yes\"'")

    await restate_context().run_typed("ask", show)
    return await answer


model = init_chat_model(os.environ["MODEL"]) if "MODEL" in os.environ else StandIn()
agent = create_agent(
    model,
    [ask_manager],
    system_prompt="Decide on expenses. Ask the manager about what costs more than 100 euros.",
    middleware=[RestateMiddleware()],
)
expenses = awaken.Service("Expenses")


@expenses.handler()
async def submit(ctx: awaken.Context, expense: str) -> str:
    """Decide on an expense."""
    result = await agent.ainvoke({"messages": [{"role": "user", "content": expense}]})
    return str(result["messages"][-1].text)


app = awaken.app([expenses])
