"""An agent of Google's ADK that asks a person before it pays.

    awaken dev examples.agents.adk_approval:app
    curl localhost:8080/Expenses/ada/ask --json '"a desk for 300"'
    awaken awakeables list
    awaken resolve ID --json '"yes"'

The model is a few lines of Python, so that this runs without a key and a network; for a real one, write its name, such
as `gemini-2.5-flash`, in its place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import awaken
from awaken.ext.adk import RestatePlugin, RestateSessionService, restate_context
from google.adk.agents import LlmAgent
from google.adk.apps import App
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.adk.runners import Runner
from google.genai import types

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from google.adk.models.llm_request import LlmRequest


class Rules(BaseLlm):
    """Stands for a model: it asks a person about everything above 100, and then says how it went."""

    model: str = "rules"

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        (part, *_) = llm_request.contents[-1].parts or [types.Part(text="")]
        amount = max(map(int, re.findall(r"\d+", part.text or "0")), default=0)
        if part.function_response is not None:
            answer = types.Part(text=f"The answer is {(part.function_response.response or {})['result']}.")
        elif amount > 100:
            call = types.FunctionCall(name="approve", args={"amount": amount})
            answer = types.Part(function_call=call)
        else:
            answer = types.Part(text="That is fine.")
        yield LlmResponse(content=types.Content(role="model", parts=[answer]))


async def approve(amount: int) -> str:
    """Ask a person whether an expense is fine.

    Args:
        amount: in euros.
    """
    ctx = restate_context()
    answer = ctx.awakeable(type_hint=str, name="approve")
    await ctx.run_typed("ask", lambda: print(f"{amount} euros? awaken resolve {answer.id} --json '\"yes\"'"))
    return await answer


agent = LlmAgent(name="expenses", model=Rules(), instruction="Decide on expenses.", tools=[approve])
runner = Runner(
    app=App(name="expenses", root_agent=agent, plugins=[RestatePlugin()]),
    session_service=RestateSessionService(),
)
expenses = awaken.VirtualObject("Expenses")


@expenses.handler()
async def ask(ctx: awaken.ObjectContext, message: str) -> str:
    """Ask the agent; it remembers what the same person asked before."""
    said = ""
    content = types.Content(role="user", parts=[types.Part(text=message)])
    async for event in runner.run_async(user_id=ctx.key(), session_id="expenses", new_message=content):
        if event.is_final_response() and event.content and event.content.parts:
            said = event.content.parts[0].text or ""
    return said


app = awaken.app([expenses])
