"""Agents in the shapes that applications have, for both SDKs. Their models are at a server, under names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from agents import (
    Agent,
    GuardrailFunctionOutput,
    InputGuardrailTripwireTriggered,
    RunContextWrapper,
    input_guardrail,
    set_tracing_disabled,
)
from pydantic import BaseModel

from tests.e2e.services.outside import record
from tests.unchanged.agents.openai.sdk import (
    DurableRunner,
    durable_function_tool,
    named,
    restate,
    restate_context,
    restate_object_context,
)

set_tracing_disabled(True)

agents = restate.Service(named("Agents"))
experts = restate.Service(named("Experts"))
chats = restate.VirtualObject(named("Chats"))
reviews = restate.Workflow(named("Reviews"))


@durable_function_tool
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    ctx = restate_context()
    station = await ctx.run_typed(f"find {city}", lambda: f"station of {city}")
    await ctx.sleep(timedelta(milliseconds=10), name=f"dial {city}")
    return await ctx.run_typed(f"read {city}", lambda: f"sunny at the {station}")


@durable_function_tool
async def read_book(size: int) -> str:
    """Read a book of this many bytes."""
    return await restate_context().run_typed("read", lambda: "a" * size)


@agents.handler()
async def basic(ctx: restate.Context, text: str) -> list[Any]:
    result = await DurableRunner.run(Agent(name="weather", model="basic", tools=[weather]), text)
    spent = result.context_wrapper.usage
    return [result.final_output, spent.requests, spent.total_tokens, spent.input_tokens_details.cached_tokens]


@agents.handler()
async def script(ctx: restate.Context, model: str) -> str:
    result = await DurableRunner.run(
        Agent(name="any", model=model, tools=[weather, read_book]), "go", max_turns=30
    )
    return str(result.final_output)


# ---------------------------------------------------------------- people


@durable_function_tool
async def ask_person(board: RunContextWrapper[str], question: str) -> str:
    """Ask a person."""
    ctx = restate_context()
    awakeable, answer = ctx.awakeable(type_hint=str)
    await ctx.run_typed(f"post {question}", record, restate.RunOptions(), board.context, "asked", awakeable)
    return f"{question}: {await answer}"


async def ask_people(model: str, path: str, **options: Any) -> str:
    """Run an agent that posts its questions in a file."""
    agent = Agent[str](name="asking", model=model, tools=[ask_person])
    return str((await DurableRunner.run(agent, path, context=path, **options)).final_output)


@agents.handler()
async def approval(ctx: restate.Context, path: str) -> str:
    return await ask_people("people", path)


# ---------------------------------------------------------------- several agents


@agents.handler()
async def handoff(ctx: restate.Context, text: str) -> list[str]:
    billing = Agent(name="billing", model="billing", tools=[weather])
    support = Agent(name="support", model="support")
    result = await DurableRunner.run(Agent(name="triage", model="triage", handoffs=[billing, support]), text)
    return [result.last_agent.name, str(result.final_output)]


@experts.handler()
async def consult(ctx: restate.Context, topic: str) -> str:
    result = await DurableRunner.run(Agent(name="expert", model="expert", tools=[weather]), topic)
    return str(result.final_output)


@durable_function_tool
async def consult_remotely(topic: str) -> str:
    """Consult an agent that is a service of its own."""
    return await restate_context().service_call(consult, arg=topic)


@agents.handler()
async def team(ctx: restate.Context, text: str) -> str:
    expert = Agent(name="expert", model="expert", tools=[weather])
    boss = Agent(
        name="boss",
        model="boss",
        tools=[consult_remotely, expert.as_tool("consult_nearby", "Consult an agent.")],
    )
    return str((await DurableRunner.run(boss, text)).final_output)


# ---------------------------------------------------------------- a conversation


@durable_function_tool
async def remember(fact: str) -> str:
    """Remember what the user said."""
    ctx = restate_object_context()
    facts = await ctx.get("facts", type_hint=list[str]) or []
    ctx.set("facts", [*facts, fact])
    return f"{len(facts) + 1} facts"


@chats.handler()
async def message(ctx: restate.ObjectContext, text: str) -> str:
    agent = Agent(name="chatting", model="chat", tools=[remember])
    return str((await DurableRunner.run(agent, text, use_restate_session=True)).final_output)


@chats.handler()
async def consult_people(ctx: restate.ObjectContext, path: str) -> str:
    return await ask_people("person", path, use_restate_session=True)


# ---------------------------------------------------------------- errors, guardrails, outputs


@durable_function_tool
async def fail(kind: str) -> str:
    """Fail."""
    raise restate.TerminalError("not in this house")


@agents.handler()
async def fails(ctx: restate.Context, text: str) -> str:
    return str(
        (await DurableRunner.run(Agent(name="failing", model="failing", tools=[fail]), text)).final_output
    )


@agents.handler()
async def recovers(ctx: restate.Context, text: str) -> str:
    try:
        return await fails(ctx, text)
    except restate.TerminalError as error:
        undone = await ctx.run_typed("undo", lambda: "undone")
        return f"{undone} after: {error.message}"


class Verdict(BaseModel):
    is_fine: bool


@input_guardrail(run_in_parallel=False)
async def no_homework(context: Any, agent: Any, text: Any) -> GuardrailFunctionOutput:
    judge = Agent(name="judge", model="judge", output_type=Verdict)
    verdict = (await DurableRunner.run(judge, text)).final_output_as(Verdict)
    return GuardrailFunctionOutput(output_info=verdict, tripwire_triggered=not verdict.is_fine)


@agents.handler()
async def guarded(ctx: restate.Context, text: str) -> str:
    agent = Agent(name="guarded", model="basic", tools=[weather], input_guardrails=[no_homework])
    try:
        return str((await DurableRunner.run(agent, text)).final_output)
    except InputGuardrailTripwireTriggered:
        return "do it yourself"


class Weather(BaseModel):
    city: str
    degrees: float


@agents.handler()
async def structured(ctx: restate.Context, text: str) -> Weather:
    agent = Agent(name="structured", model="structured", output_type=Weather)
    return (await DurableRunner.run(agent, text)).final_output_as(Weather)


# ---------------------------------------------------------------- a workflow


@durable_function_tool
async def wait_for_review() -> str:
    """Wait for a review."""
    ctx: Any = restate_context()  # of a workflow
    return str(await ctx.promise("review", type_hint=str))


@reviews.main()
async def run(ctx: restate.WorkflowContext, text: str) -> str:
    agent = Agent(name="reviewed", model="review", tools=[wait_for_review])
    return str((await DurableRunner.run(agent, text)).final_output)


@reviews.handler()
async def review(ctx: restate.WorkflowSharedContext, verdict: str) -> None:
    await ctx.promise("review", type_hint=str).resolve(verdict)


app = restate.app(services=[agents, experts, chats, reviews])
