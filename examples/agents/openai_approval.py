"""An agent whose tool asks a person, and waits as long as that takes.

    pip install 'awaken[openai]'
    awaken dev examples.agents.openai_approval:app
    curl localhost:8080/Expenses/ada/ask --json '"I bought a desk for 300 EUR"'

The terminal shows how to answer, in another one; the first `curl` waits for it. Kill the process meanwhile and start it
again: the agent continues where it stopped. With OPENAI_API_KEY it asks a real model; without, one that is scripted.
"""

from __future__ import annotations

import os
from typing import Any

import awaken
from agents import Agent, Model, ModelResponse, Usage
from agents.testing import assistant_message, function_call
from awaken.ext.openai import DurableRunner, durable_function_tool, restate_context


@durable_function_tool
async def approve(purpose: str, euros: float) -> str:
    """Ask a person whether an expense is fine, and return the answer.

    Args:
        purpose: what the money was for.
        euros: how much it was.
    """
    ctx = restate_context()
    answer = ctx.awakeable(type_hint=str)
    await ctx.run_typed("ask", post_question, awaken.RunOptions(), answer.id, purpose, euros)
    return await answer


def post_question(identifier: str, purpose: str, euros: float) -> None:
    """Tell a person. Yours may send a mail."""
    print(f"{euros:.2f} EUR for {purpose}? awaken resolve {identifier} --json '\"yes\"'", flush=True)


class ScriptedModel(Model):
    """Stands in for a model: it calls the tool, and then repeats the answer."""

    async def get_response(self, *args: Any, **kwargs: Any) -> ModelResponse:
        items = kwargs["input"]
        last = items[-1]
        if last.get("type") == "function_call_output":
            said: Any = assistant_message(f"The answer is: {last['output']}")
        else:
            arguments = {"purpose": str(last["content"]), "euros": 300}
            said = function_call("approve", arguments, call_id=f"call_{len(items)}")
        return ModelResponse(output=[said], usage=Usage(), response_id=None)

    def stream_response(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


agent = Agent(
    name="Expenses",
    instructions="Ask for approval of each expense, and tell the user what was decided.",
    tools=[approve],
    model=None if "OPENAI_API_KEY" in os.environ else ScriptedModel(),
)
expenses = awaken.VirtualObject("Expenses")


@expenses.handler()
async def ask(ctx: awaken.ObjectContext, text: str) -> str:
    """One key is one conversation."""
    result = await DurableRunner.run(agent, text, use_restate_session=True)
    return str(result.final_output)


app = awaken.app([expenses])
