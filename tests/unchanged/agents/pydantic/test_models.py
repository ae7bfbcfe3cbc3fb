"""Requests to models: where they come from, how they fail, and where they are not durable."""

from __future__ import annotations

import asyncio
import contextvars
from datetime import timedelta
from typing import Any

import awaken
import pytest
from awaken.errors import UsageError
from awaken.ext.pydantic import RestateAgent, RestateModelWrapper, restate_context
from pydantic import BaseModel
from pydantic_ai import (
    Agent,
    BinaryContent,
    ModelAPIError,
    NativeOutput,
    PromptedOutput,
    UnexpectedModelBehavior,
    UsageLimits,
    UserError,
)
from pydantic_ai.messages import FilePart, ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.test import TestModel

from tests.unchanged.agents.pydantic.handlers import Counting, in_handler, output_of
from tests.unchanged.agents.pydantic.scripted import returned, scripted


async def slept(run: Any) -> Any:
    """Have the handler replay once more behind a run of an agent, and return its output."""
    result = await run
    await restate_context().sleep(timedelta(milliseconds=1))
    return result.output


async def test_model_may_be_given_to_a_run(counting: Counting) -> None:
    agent = RestateAgent(Agent(name="without a model"))
    model = scripted("given", count=lambda: counting.add("model", None))

    assert await in_handler(lambda: slept(agent.run("?", model=model))) == "given"
    assert counting.counts["model"] == 1


@pytest.mark.parametrize("which", ["wrapper", "wrapped"])
async def test_overridden_model_is_durable_too(counting: Counting, which: str) -> None:
    wrapped = counting.agent("never")
    agent = RestateAgent(wrapped)
    model = scripted("overridden", count=lambda: counting.add("other", None))

    async def work() -> Any:
        with (agent if which == "wrapper" else wrapped).override(model=model):
            return await slept(agent.run("?"))

    assert await in_handler(work) == "overridden"
    assert counting.counts == {"other": 1}


async def test_agent_without_a_model_says_so() -> None:
    async def work() -> str:
        with pytest.raises(UserError, match="model"):
            await RestateAgent(Agent()).run("?")
        return "refused"

    assert await in_handler(work) == "refused"


async def test_next_model_answers_when_one_is_down(counting: Counting) -> None:
    async def down(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        counting.add("down", None)
        raise ModelAPIError("first", "down")

    models = FallbackModel(
        FunctionModel(down), scripted("second", count=lambda: counting.add("second", None))
    )

    assert await in_handler(lambda: slept(RestateAgent(Agent(models)).run("?"))) == "second"
    assert counting.counts == {"down": 1, "second": 1}


async def test_model_that_recovers_is_asked_again(counting: Counting) -> None:
    async def recovering(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        if counting.add("model", len(messages)) and counting.counts["model"] < 3:
            raise ModelAPIError("m", "busy")
        return ModelResponse(parts=[TextPart("at last")])

    options: awaken.RunOptions[Any] = awaken.RunOptions(max_attempts=5, initial_retry_interval=0.001)
    agent = RestateAgent(Agent(FunctionModel(recovering)), run_options=options)
    assert await in_handler(lambda: output_of(agent.run("?"))) == "at last"
    assert counting.counts["model"] == 3


async def test_test_model_of_pydantic_ai_calls_every_tool() -> None:
    agent = Agent(TestModel())

    @agent.tool_plain
    async def durable(n: int) -> str:
        return await restate_context().run_typed("durable", lambda: f"ran {n}")

    assert await in_handler(lambda: output_of(RestateAgent(agent).run("?"))) == '{"durable":"ran 0"}'


class City(BaseModel):
    name: str


@pytest.mark.parametrize("kind", [NativeOutput, PromptedOutput])
async def test_structure_in_text_is_validated(kind: Any) -> None:
    count = Counting()
    profile: Any = {"supports_json_schema_output": True}
    model = scripted('{"nom": 1}', '{"name": "Bern"}', count=lambda: count.add("model", None))
    answer: Any = model.function
    native = FunctionModel(answer, profile=profile)
    agent = RestateAgent(Agent(native, output_type=kind(City)))

    assert (await in_handler(lambda: slept(agent.run("?"))))["name"] == "Bern"
    assert count.counts["model"] == 2


@pytest.mark.parametrize("limits", [None, UsageLimits(request_limit=1)])
async def test_agent_that_gets_nowhere_ends_the_invocation(
    counting: Counting, limits: UsageLimits | None
) -> None:
    agent = RestateAgent(counting.agent([("unknown", {})]))

    with pytest.raises(awaken.HttpError, match=r"UnexpectedModelBehavior: |UsageLimitExceeded: ") as failure:
        await in_handler(lambda: slept(agent.run("?", usage_limits=limits)), retries=True)

    assert failure.value.status_code == 500
    assert counting.counts["model"] == (2 if limits is None else 1)


async def test_handler_may_catch_that_its_agent_gets_nowhere(counting: Counting) -> None:
    async def work() -> Any:
        try:
            return await slept(RestateAgent(counting.agent([("unknown", {})])).run("?"))
        except UnexpectedModelBehavior:
            return await slept(RestateAgent(counting.agent("another agent")).run("?"))

    assert await in_handler(work) == "another agent"
    assert counting.counts["model"] == 3


async def test_picture_of_a_model_survives_the_journal() -> None:
    async def paint(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        return ModelResponse(
            parts=[FilePart(BinaryContent(b"\xff\x00", media_type="image/png")), TextPart("☃")]
        )

    async def work() -> Any:
        result = await RestateAgent(Agent(FunctionModel(paint))).run("?")
        await restate_context().sleep(timedelta(milliseconds=1))
        return [result.response.files[0].data.hex(), result.output]

    assert await in_handler(work) == ["ff00", "☃"]


# ------------------------------------------------------------ where it is not durable


async def test_agent_outside_of_handlers_is_as_without_this_package(counting: Counting) -> None:
    wrapped = counting.agent([("double", {"n": 2})], returned)

    @wrapped.tool_plain
    async def double(n: int) -> int:
        return 2 * n

    agent = RestateAgent(wrapped, auto_wrap_tools=True)
    assert (await agent.run("?")).output == "4"
    async with agent.run_stream("?") as stream:
        assert (await stream.get_output()).strip() == "4"
    with pytest.raises(UsageError, match="outside of a handler"):
        restate_context()


def test_agent_in_a_script_may_block(counting: Counting) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)  # or Pydantic AI would make one, and leave it open
    try:
        assert RestateAgent(counting.agent("yes")).run_sync("?").output == "yes"
    finally:
        asyncio.set_event_loop(None)
        loop.close()


@pytest.mark.parametrize("method", ["run_sync", "run_stream_sync"])
async def test_agent_in_a_handler_may_not_block(counting: Counting, method: str) -> None:
    with pytest.raises(UsageError, match=f"{method}.*would block"):
        await in_handler(lambda: getattr(RestateAgent(counting.agent("no")), method)("?"))


async def test_agent_inside_of_a_run_is_a_part_of_it(counting: Counting) -> None:
    inner = RestateAgent(counting.agent("inner"))
    outer = counting.agent([("ask", {})], returned)

    @outer.tool_plain
    async def ask() -> Any:
        return (await inner.run("?")).output

    assert await in_handler(lambda: slept(RestateAgent(outer, auto_wrap_tools=True).run("?"))) == "inner"
    assert counting.counts["model"] == 3


async def test_agent_in_a_task_without_the_context_is_not_durable(counting: Counting) -> None:
    async def work() -> Any:
        run = output_of(RestateAgent(counting.agent("lost")).run("?"))
        return await asyncio.get_running_loop().create_task(run, context=contextvars.Context())

    assert await in_handler(work) == "lost"


async def test_model_can_be_wrapped_without_its_agent(counting: Counting) -> None:
    model = scripted("direct", count=lambda: counting.add("model", None))
    agent = Agent(RestateModelWrapper(model, awaken.RunOptions()))

    assert await in_handler(lambda: slept(agent.run("?"))) == "direct"
    assert await in_handler(lambda: slept(RestateAgent(agent).run("?"))) == "direct"
    assert counting.counts["model"] == 2


async def test_agents_side_by_side_do_not_mix(counting: Counting) -> None:
    async def work() -> Any:
        agents = [
            RestateAgent(counting.agent([("echo", {"n": n})], returned), auto_wrap_tools=True)
            for n in range(5)
        ]
        for agent in agents:
            agent.wrapped.tool_plain(echo)  # type: ignore[attr-defined]  # it is an Agent
        return [result.output for result in await asyncio.gather(*(agent.run("?") for agent in agents))]

    async def echo(n: int) -> int:
        return counting.add("echo", n)

    assert await in_handler(work) == ["0", "1", "2", "3", "4"]
    assert counting.counts == {"model": 10, "echo": 5}


async def test_agent_without_a_name_has_that_of_its_variable(counting: Counting) -> None:
    helpful = RestateAgent(counting.agent("yes"))
    await helpful.run("?")
    assert helpful.name == helpful.wrapped.name == "helpful"
