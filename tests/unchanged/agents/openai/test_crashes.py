"""A crash anywhere changes nothing: not the answer, not the state, and no model is asked twice for what it answered."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from agents import Agent, GuardrailFunctionOutput, InputGuardrail, RunConfig, ToolExecutionConfig
from awaken.ext.openai import DurableRunner, durable_function_tool, restate_context
from awaken.testing import crash_everywhere

from tests.unchanged.agents.crashes import CRASHES_LEAVE_WORK
from tests.unchanged.agents.openai.scripted import ScriptedModel, calls, first_then_report, says

if TYPE_CHECKING:
    from collections.abc import Callable

    from awaken.testing import Environment

pytestmark = [pytest.mark.slow, *CRASHES_LEAVE_WORK]

service = awaken.Service("Agents")
chats = awaken.VirtualObject("Chats")
app = awaken.app([service, chats])

#: Of crashes in a scenario; there are up to 80, and each test run chooses others.
MAX_POSITIONS = 10

#: Where the model and the tools of the running scenario record what they do.
record: list[Callable[[str], None]] = []


class RecordingModel(ScriptedModel):
    async def get_response(self, *args: Any, **kwargs: Any) -> Any:
        record[-1]("asked")
        return await super().get_response(*args, **kwargs)


@durable_function_tool
async def work(label: str) -> str:
    """Do three durable things."""
    ctx = restate_context()
    await ctx.run_typed(f"begin {label}", lambda: record[-1](label))
    await ctx.sleep(timedelta(milliseconds=1))
    return await ctx.run_typed(f"end {label}", lambda: f"{label} done")


@durable_function_tool
async def careless(label: str) -> str:
    """Wait for what the journal does not have, as tools that speak HTTP outside of runs do."""
    await asyncio.sleep(random.random() / 200)
    return await restate_context().run_typed(label, lambda: f"{label} done")


@durable_function_tool
async def ask_person(question: str) -> str:
    """Ask a person."""
    return f"{question} {await restate_context().awakeable(type_hint=str, name='person').future}"


async def run_with(tools: list[Any], *asked: Any, **arguments: Any) -> str:
    agent = Agent(name="A", model=RecordingModel(first_then_report(*asked)), tools=tools)
    return str((await DurableRunner.run(agent, "go", **arguments)).final_output)


@service.handler()
async def one_by_one(ctx: awaken.Context) -> str:
    return await run_with([work], *(calls("work", label, label=label) for label in "abc"))


@service.handler()
async def side_by_side(ctx: awaken.Context) -> str:
    return await run_with(
        [work], *(calls("work", label, label=label) for label in "abc"), concurrent_tools=True
    )


@service.handler()
async def two_at_a_time(ctx: awaken.Context) -> str:
    config = RunConfig(tool_execution=ToolExecutionConfig(max_function_tool_concurrency=2))
    return await run_with([work], *(calls("work", label, label=label) for label in "abc"), run_config=config)


@service.handler()
async def carelessly(ctx: awaken.Context) -> str:
    return await run_with([careless], *(calls("careless", label, label=label) for label in "abc"))


@service.handler()
async def with_a_person(ctx: awaken.Context) -> str:
    return await run_with(
        [work, ask_person], calls("work", label="a"), calls("ask_person", question="May I?")
    )


@service.handler()
async def with_agents(ctx: awaken.Context) -> str:
    writer = Agent(
        name="writer", model=RecordingModel(first_then_report(calls("work", label="w"))), tools=[work]
    )
    checker = Agent(name="checker", model=RecordingModel(lambda _: [says("checked")]))
    front = Agent(
        name="front",
        model=RecordingModel(
            lambda items: (
                [calls("transfer_to_checker")] if len(items) > 1 else [calls("writer", input="write")]
            )
        ),
        tools=[writer.as_tool("writer", "Writes.")],
        handoffs=[checker],
    )
    return str((await DurableRunner.run(front, "go")).final_output)


async def judge(context: Any, agent: Any, text: Any) -> GuardrailFunctionOutput:
    judging = Agent(name="judge", model=RecordingModel(lambda _: [says("fine")]))
    verdict = (await DurableRunner.run(judging, text)).final_output
    return GuardrailFunctionOutput(output_info=verdict, tripwire_triggered=verdict != "fine")


@service.handler()
async def guarded(ctx: awaken.Context) -> str:
    model = RecordingModel(first_then_report(calls("work", label="a")))
    agent = Agent(name="A", model=model, tools=[work], input_guardrails=[InputGuardrail(judge)])
    return str((await DurableRunner.run(agent, "go")).final_output)


@chats.handler()
async def say(ctx: awaken.ObjectContext, text: str) -> str:
    def answer(items: list[Any]) -> Any:
        if items[-1].get("role") == "user":
            return [calls("work", f"work {len(items)}", label=str(len(items)))]
        return [says(f"{len(items)} items")]

    agent = Agent(name="A", model=RecordingModel(answer), tools=[work])
    return str((await DurableRunner.run(agent, text, use_restate_session=True)).final_output)


def begin(env: Environment) -> None:
    record[:] = [env.effects.record]


def asked_at_most(env: Environment, times: int) -> None:
    """One more than without a crash: the call that a crash interrupts leaves nothing."""
    assert times <= env.effects.count("asked") <= times + 1


@crash_everywhere(app=app, max_positions=MAX_POSITIONS)
async def test_tools_of_one_turn(env: Environment) -> str:
    begin(env)
    told = await env.client.service_call(one_by_one, None)
    asked_at_most(env, 2)
    assert told == "a done | b done | c done"
    return told


@pytest.mark.parametrize("handler", [side_by_side, two_at_a_time])
@crash_everywhere(app=app, max_positions=MAX_POSITIONS)
async def test_tools_of_one_turn_at_the_same_time(env: Environment, handler: Any) -> str:
    begin(env)
    told: str = await env.client.service_call(handler, None)
    asked_at_most(env, 2)
    assert told == "a done | b done | c done"
    return told


@crash_everywhere(app=app, max_positions=MAX_POSITIONS)
async def test_tools_that_wait_for_what_is_not_in_the_journal(env: Environment) -> str:
    begin(env)
    return await env.client.service_call(carelessly, None)


@crash_everywhere(app=app, max_positions=MAX_POSITIONS)
async def test_tool_that_waits_for_a_person(env: Environment) -> str:
    begin(env)
    sent = await env.client.service_send(with_a_person, None)
    await env.awakeable("person").resolve("Yes ✔")
    told = await env.client.attach(sent.invocation_id, type_hint=str)
    asked_at_most(env, 2)
    assert told == "a done | May I? Yes ✔"
    return told


@crash_everywhere(app=app, max_positions=MAX_POSITIONS)
async def test_agents_as_tools_and_handoffs(env: Environment) -> str:
    begin(env)
    told = await env.client.service_call(with_agents, None)
    asked_at_most(env, 5)
    assert told == "checked"
    return told


@crash_everywhere(app=app, max_positions=MAX_POSITIONS)
async def test_guardrail_beside_the_model(env: Environment) -> str:
    begin(env)
    told = await env.client.service_call(guarded, None)
    assert 3 <= env.effects.count("asked") <= 5  # a crash may interrupt two at once
    assert told == "a done"
    return told


@crash_everywhere(app=app, max_positions=MAX_POSITIONS)
async def test_conversation_in_the_state(env: Environment) -> list[str]:
    begin(env)
    told = [await env.client.object_call(say, "ada", text) for text in ("hello", "again")]
    asked_at_most(env, 4)
    assert told == ["3 items", "7 items"]
    return told
