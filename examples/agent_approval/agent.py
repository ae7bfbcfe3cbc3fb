"""A support agent pays refunds: small ones at once; above a limit, a person decides.

Without OPENAI_API_KEY, a few lines of Python play the model.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import awaken
from awaken.ext.pydantic import PydanticTypeAdapter, RestateAgent, restate_object_context
from pydantic_ai import (
    Agent,
    ModelMessage,
    ModelResponse,
    ModelRetry,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel

#: Euros that the agent may pay back for one order without asking.
LIMIT = 100
#: What was bought, and for how many euros. Yours are in a database.
ORDERS = {"4711": ("a desk", 300), "4712": ("a lamp", 40)}
LEDGER = Path(os.environ.get("LEDGER", "refunds.txt"))
MESSAGES = PydanticTypeAdapter(list[ModelMessage])


@dataclass
class Decision:
    """Look at the order before you decide. You can lower the amount."""

    approved: bool
    euros: int | None = None
    comment: str = ""


async def pretend(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Do what a model would: look for the order, pay all of it back, and tell how that went."""
    last = messages[-1].parts[-1]
    said = str(getattr(last, "content", ""))
    if isinstance(last, ToolReturnPart) and last.tool_name == "find_order":
        number, _, euros = re.findall(r"order (\d+): (.*) for (\d+)", said)[0]
        call = ToolCallPart(
            "refund", {"number": number, "euros": int(euros), "reason": "the customer asks for it"}
        )
        return ModelResponse(parts=[call])
    if isinstance(last, ToolReturnPart):
        return ModelResponse(parts=[TextPart(f"About your refund: {said}.")])
    if found := re.search(r"\d{4}", said):
        return ModelResponse(parts=[ToolCallPart("find_order", {"number": found[0]})])
    return ModelResponse(parts=[TextPart("Which order is it about?")])


agent = Agent(
    "openai:gpt-5.2" if "OPENAI_API_KEY" in os.environ else FunctionModel(pretend),
    name="support",
    instructions="Help customers who want their money back. Look at the order first.",
)


@agent.tool_plain
async def find_order(number: str) -> str:
    """Find what a customer bought, by the number of the order."""
    if number not in ORDERS:
        raise ModelRetry(f"there is no order {number}; ask the customer for the number")
    item, euros = ORDERS[number]
    return f"order {number}: {item} for {euros} euros"


@agent.tool_plain(sequential=True)
async def refund(number: str, euros: int, reason: str) -> str:
    """Pay money back for an order. It may take days, because a person has to agree to large amounts."""
    ctx = restate_object_context()
    refunded = await ctx.get("refunded", type_hint=dict[str, int]) or {}
    before = refunded.get(number, 0)
    if number not in ORDERS or not 0 < euros <= ORDERS[number][1] - before:
        raise ModelRetry(f"order {number} has no {euros} euros to pay back")
    # The sum counts: a model that is refused 300 euros must not get them as three times 100.
    if before + euros > LIMIT:
        decision = await ask(ctx, number, euros, reason)
        if not decision.approved:
            return f"declined, {decision.comment or 'without a reason'}"
        euros = min(euros, decision.euros or euros)
    await ctx.run_typed("refund", pay_back, number=number, euros=euros)
    ctx.set("refunded", refunded | {number: before + euros})
    return f"{euros} euros are on their way"


async def ask(ctx: awaken.ObjectContext, number: str, euros: int, reason: str) -> Decision:
    """Ask a person of the team; nobody in two days is a no."""
    verdict = await ctx.approve(
        f"Refund {euros} euros for order {number}?",
        details=f"The agent says: {reason}",
        data={"customer": ctx.key(), "item": ORDERS[number][0], "price": ORDERS[number][1]},
        answer=Decision,
        remind=[timedelta(hours=4)],
        expires_in=timedelta(days=2),
        on_expiry=Decision(approved=False, comment="nobody had the time to look at it"),
        notify=tell,
    )
    return verdict.answer


def tell(message: awaken.ApprovalMessage) -> None:
    """Tell the team. Yours may be `awaken.notify.Slack(...)`."""
    print(f"{message.title} {message.link or ''}", flush=True)


def pay_back(number: str, euros: int) -> None:
    """Pay. Yours calls the payment provider, with the order as idempotency key."""
    with LEDGER.open("a") as ledger:
        print(f"order {number}: {euros} euros", file=ledger)


durable_agent = RestateAgent(agent)
support = awaken.VirtualObject("Support")


@support.handler()
async def say(ctx: awaken.ObjectContext, text: str) -> str:
    """Go on with the conversation of a customer, who is the key."""
    history = await ctx.get("messages", serde=MESSAGES)
    result = await durable_agent.run(text, message_history=history)
    ctx.set("messages", result.all_messages(), serde=MESSAGES)
    return result.output


app = awaken.app([support])
