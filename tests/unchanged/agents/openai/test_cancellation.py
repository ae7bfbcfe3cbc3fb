"""A cancellation of the invocation ends its agents, whatever kind of tool it meets."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import awaken
import pytest
from agents import Agent, function_tool
from awaken.errors import HttpError
from awaken.ext.openai import (
    DurableRunner,
    durable_function_tool,
    propagate_cancellation,
    raise_terminal_errors,
    restate_context,
)
from awaken.testing import open_environment

from tests.unchanged.agents.openai.handling import report_of
from tests.unchanged.agents.openai.scripted import (
    ScriptedModel,
    calls,
    first_then_report,
)

#: What the framework tells a model by default. Earlier versions continue with the error.
DEFAULT_TEXT = "An error occurred while running the tool. Please try again."


async def wait() -> str:
    return await restate_context().awakeable(type_hint=str, name="answer").future


TOOLS = {
    "durable": durable_function_tool(wait),
    "durable, with a text": durable_function_tool(
        wait, failure_error_function=lambda context, error: "failed"
    ),
    "durable, without": durable_function_tool(wait, failure_error_function=None),
    "of the framework": function_tool(wait),
    "propagating": function_tool(wait, failure_error_function=propagate_cancellation()),
    "raising": function_tool(wait, failure_error_function=raise_terminal_errors),
}


@pytest.mark.parametrize("is_nested", [False, True], ids=["direct", "nested"])
@pytest.mark.parametrize("kind", TOOLS)
async def test_cancellation_ends_the_agent(kind: str, is_nested: bool) -> None:
    service = awaken.Service("Agents")
    asked = ScriptedModel(first_then_report(calls("wait")))
    boss = ScriptedModel(first_then_report(calls("worker", input="go")))

    @service.handler()
    async def ask(ctx: awaken.Context) -> str:
        worker = Agent(name="worker", model=asked, tools=[TOOLS[kind]])
        agent = Agent(name="boss", model=boss, tools=[worker.as_tool("worker", "")]) if is_nested else worker
        return str((await DurableRunner.run(agent, "go")).final_output)

    async with open_environment(awaken.app([service])) as env:
        sent = await env.client.service_send(ask, None)
        await env.awakeable("answer").id()
        await env.client.cancel(sent.invocation_id)

        with pytest.raises(HttpError, match="cancelled") as raised:
            await env.client.attach(sent.invocation_id)
    assert raised.value.status_code == 409
    assert len(asked.calls) == 1


async def test_conflict_is_told_and_is_no_cancellation() -> None:
    @function_tool
    async def book() -> str:
        raise awaken.TerminalError("taken", status_code=409)

    assert (await report_of([book], calls("book"))).startswith(DEFAULT_TEXT)


async def test_cancellation_while_the_model_thinks() -> None:
    service = awaken.Service("Agents")
    thinking = asyncio.Event()

    class Slow(ScriptedModel):
        async def get_response(self, *args: Any, **kwargs: Any) -> Any:
            thinking.set()
            await asyncio.sleep(30)

    inner = Agent(name="inner", model=Slow(lambda _: []))

    @service.handler()
    async def ask(ctx: awaken.Context) -> str:
        model = ScriptedModel(first_then_report(calls("inner", input="x")))
        agent = Agent(name="A", model=model, tools=[inner.as_tool("inner", "")])
        return str((await DurableRunner.run(agent, "go")).final_output)

    async with open_environment(awaken.app([service])) as env:
        sent = await env.client.service_send(ask, None)
        await thinking.wait()
        await env.client.cancel(sent.invocation_id)
        with pytest.raises(HttpError, match="cancelled"):
            await env.client.attach(sent.invocation_id)


async def test_compensation_after_a_cancellation() -> None:
    service = awaken.Service("Agents")

    @service.handler()
    async def ask(ctx: awaken.Context) -> str:
        agent = Agent(
            name="A", model=ScriptedModel(first_then_report(calls("wait"))), tools=[TOOLS["durable"]]
        )
        try:
            await DurableRunner.run(agent, "go")
        except awaken.TerminalError as error:
            await ctx.sleep(timedelta(milliseconds=1))
            return f"undone after {error.status_code}"
        return "not cancelled"

    async with open_environment(awaken.app([service]), always_replay=True) as env:
        sent = await env.client.service_send(ask, None)
        await env.awakeable("answer").id()
        await env.client.cancel(sent.invocation_id)
        assert await env.client.attach(sent.invocation_id) == "undone after 409"


# ------------------------------------------------------------ tools at the same time


@durable_function_tool
async def fail(kind: str) -> str:
    """Fail, after something durable."""
    await restate_context().sleep(timedelta(milliseconds=1))
    if kind == "terminal":
        raise awaken.TerminalError("no way", status_code=418)
    raise ValueError("no luck")


@pytest.mark.parametrize(
    ("kind", "expected"), [("terminal", (HttpError, "no way")), ("other", (ValueError, "no luck"))]
)
@pytest.mark.parametrize("waiting", ["durable", "of the framework"])
async def test_failed_tool_leaves_no_other_waiting(
    kind: str, expected: tuple[type[Exception], str], waiting: str, caplog: pytest.LogCaptureFixture
) -> None:
    error, text = expected
    with pytest.raises(error, match=text):
        await report_of(
            [fail, TOOLS[waiting]],
            calls("wait"),
            calls("fail", kind=kind),
            concurrent_tools=True,
            always_replay=False,
        )
    assert "never retrieved" not in caplog.text
    assert "fatal" not in caplog.text


async def test_cancellation_reaches_all_tools(caplog: pytest.LogCaptureFixture) -> None:
    service = awaken.Service("Agents")
    model = ScriptedModel(first_then_report(*(calls("wait", f"w{number}") for number in range(3))))

    @service.handler()
    async def ask(ctx: awaken.Context) -> str:
        agent = Agent(name="A", model=model, tools=[TOOLS["durable"]])
        return str((await DurableRunner.run(agent, "go", concurrent_tools=True)).final_output)

    async with open_environment(awaken.app([service])) as env:
        sent = await env.client.service_send(ask, None)
        await env.settle()
        await env.client.cancel(sent.invocation_id)
        with pytest.raises(HttpError, match="cancelled"):
            await env.client.attach(sent.invocation_id)
    assert len(model.calls) == 1
    assert caplog.text == ""
