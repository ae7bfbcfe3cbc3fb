"""An agent that asks a person, and survives that its process is killed while the person thinks.

    pip install 'awaken[pydantic_ai]'
    awaken dev examples.agents.pydantic_claims:app

    curl localhost:8080/Claims/ada/say --json '"My roof is gone, that is 3000 euros"'
    awaken awakeables list                                  # in another terminal
    awaken resolve sign_1... --json '"granted"'

It needs no key: without `OPENAI_API_KEY`, a few lines stand for the model.
"""

from __future__ import annotations

import os
import re

import awaken
from awaken.ext.pydantic import PydanticTypeAdapter, RestateAgent, restate_context
from pydantic_ai import (
    Agent,
    ModelMessage,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel

MESSAGES = PydanticTypeAdapter(list[ModelMessage])


async def pretend(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Answer as a model could: have large claims reviewed, and grant the others."""
    last = messages[-1].parts[-1]
    if isinstance(last, ToolReturnPart):
        return ModelResponse(parts=[TextPart(f"Your claim is {last.content}.")])
    said = str(last.content) if isinstance(last, UserPromptPart) else ""
    amounts = [int(number) for number in re.findall(r"\d+", said)]
    if max(amounts, default=0) < 1000:
        return ModelResponse(parts=[TextPart("Your claim is granted.")])
    return ModelResponse(parts=[ToolCallPart("review", {"amount": max(amounts), "reason": said})])


agent = Agent(
    "openai:gpt-5.2" if "OPENAI_API_KEY" in os.environ else FunctionModel(pretend),
    name="claims",
    instructions="Decide on insurance claims. Have those above 1000 euros reviewed.",
)


@agent.tool_plain
async def review(amount: int, reason: str) -> str:
    """Ask a person to decide on a claim."""
    ctx = restate_context()
    decision = ctx.awakeable(type_hint=str, name="review")
    await ctx.run_typed("ask", lambda: print(f"review {amount} euros for {reason!r}: {decision.id}"))
    return await decision


durable_agent = RestateAgent(agent)
claims = awaken.VirtualObject("Claims")


@claims.handler()
async def say(ctx: awaken.ObjectContext, text: str) -> str:
    """Go on with the conversation of this key."""
    history = await ctx.get("messages", serde=MESSAGES)
    result = await durable_agent.run(text, message_history=history)
    ctx.set("messages", result.all_messages(), serde=MESSAGES)
    return result.output


app = awaken.app([claims])
