"""What tools return, and how they fail, in handlers that replay at every wait."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import awaken
import pytest
from awaken.ext.pydantic import (
    RestateAgent,
    restate_context,
)
from awaken.testing import open_environment
from pydantic import BaseModel
from pydantic_ai import (
    ApprovalRequired,
    BinaryContent,
    CallDeferred,
    DeferredToolRequests,
    ModelRetry,
    ToolReturn,
    UnexpectedModelBehavior,
    exceptions,
)
from pydantic_ai.messages import ModelMessage, ToolReturnPart, UserPromptPart

from tests.unchanged.agents.pydantic.handlers import Counting, in_handler, output_of
from tests.unchanged.agents.pydantic.scripted import returned

# ------------------------------------------------------------ what tools return


class Person(BaseModel):
    name: str


def comparable(prompt: Any) -> list[Any]:
    return [(part.data, part.media_type) if isinstance(part, BinaryContent) else part for part in prompt]


VALUES = {
    "model": Person(name="Zoë"),
    "image": BinaryContent(b"\xff\x00", media_type="image/png"),
    "images": ["two", BinaryContent(b"\xff\x00", media_type="image/png")],
    "nothing": None,
    "time": datetime(2020, 1, 1),
    "text": "☃\x00 \U0001f600",
    "return": ToolReturn(
        "value", content=["seen", BinaryContent(b"\x01", media_type="image/png")], metadata={"a": 1}
    ),
}


@pytest.mark.parametrize("kind", VALUES)
async def test_wrapped_tool_gives_the_model_what_it_gives_otherwise(counting: Counting, kind: str) -> None:
    shown: list[Any] = []

    def show(messages: list[ModelMessage]) -> str:
        parts = [part for message in messages for part in message.parts]
        tool = next(part for part in parts if isinstance(part, ToolReturnPart))
        prompts = [part.content for part in parts if isinstance(part, UserPromptPart)]
        files = [(file.data, file.media_type) for file in tool.files if isinstance(file, BinaryContent)]
        shown.append([tool.model_response_str(), tool.metadata, files, *map(comparable, prompts[1:])])
        return "shown"

    agent = counting.agent([("give", {})], show)

    @agent.tool_plain
    async def give() -> Any:
        return VALUES[kind]

    await agent.run("?")
    await in_handler(lambda: output_of(RestateAgent(agent, auto_wrap_tools=True).run("?")))

    plain, wrapped = shown
    assert plain == wrapped


# ------------------------------------------------------------ how tools fail


@pytest.mark.parametrize("wraps", [False, True])
async def test_tool_that_asks_for_another_try_gets_it(counting: Counting, wraps: bool) -> None:
    agent = counting.agent([("guess", {"n": 1})], [("guess", {"n": 2})], returned)

    @agent.tool_plain
    async def guess(n: int) -> str:
        if n == 1:
            raise ModelRetry("higher")
        return "right"

    answer = await in_handler(lambda: output_of(RestateAgent(agent, auto_wrap_tools=wraps).run("?")))
    assert answer == "higher | right", "what was told is a part of the conversation"


@pytest.mark.parametrize("wraps", [False, True])
async def test_tool_may_try_only_so_often(counting: Counting, wraps: bool) -> None:
    agent = counting.agent([("guess", {})])

    @agent.tool_plain(retries=2)
    async def guess() -> str:
        raise ModelRetry("higher")

    async def work() -> str:
        with pytest.raises(UnexpectedModelBehavior, match="guess"):
            await RestateAgent(agent, auto_wrap_tools=wraps).run("?")
        return "gave up"

    assert await in_handler(work) == "gave up"
    assert counting.counts["model"] == 3


@pytest.mark.skipif(not hasattr(exceptions, "ToolFailed"), reason="newer versions of Pydantic AI have it")
async def test_failed_tool_is_told_to_the_model(counting: Counting) -> None:
    agent = counting.agent([("open_door", {})], returned)

    @agent.tool_plain
    async def open_door() -> str:
        raise exceptions.ToolFailed("no key")

    assert "no key" in await in_handler(lambda: output_of(RestateAgent(agent, auto_wrap_tools=True).run("?")))


@pytest.mark.parametrize("wraps", [False, True])
async def test_terminal_error_of_a_tool_ends_the_handler(counting: Counting, wraps: bool) -> None:
    agent = counting.agent([("pay", {})], returned)

    @agent.tool_plain
    async def pay() -> str:
        raise awaken.TerminalError("no money", 402)

    with pytest.raises(awaken.HttpError) as failure:
        await in_handler(lambda: output_of(RestateAgent(agent, auto_wrap_tools=wraps).run("?")))
    assert (failure.value.status_code, "no money" in str(failure.value)) == (402, True)
    assert counting.counts["model"] == 1


@pytest.mark.parametrize("wraps", [False, True])
async def test_other_error_of_a_tool_has_it_repeated(counting: Counting, wraps: bool) -> None:
    agent = counting.agent([("flaky", {})], returned)

    @agent.tool_plain
    async def flaky() -> str:
        counting.add("flaky", None)
        if counting.counts["flaky"] == 1:
            raise OSError("cable")
        return "connected"

    answer = await in_handler(
        lambda: output_of(RestateAgent(agent, auto_wrap_tools=wraps).run("?")), retries=True
    )
    assert answer == "connected"
    assert counting.counts["model"] == 2


async def test_wrapped_tool_fails_for_good_after_its_attempts(counting: Counting) -> None:
    agent = counting.agent([("flaky", {})], returned)

    @agent.tool_plain
    async def flaky() -> str:
        counting.add("flaky", None)
        raise OSError("cable")

    options: awaken.RunOptions[Any] = awaken.RunOptions(max_attempts=3, initial_retry_interval=0.001)
    restate_agent = RestateAgent(agent, auto_wrap_tools=True, run_options=options)
    with pytest.raises(awaken.HttpError, match="cable"):
        await in_handler(lambda: output_of(restate_agent.run("?")))
    assert counting.counts["flaky"] == 3


async def test_cancelled_wait_of_one_tool_ends_its_siblings(counting: Counting) -> None:
    agent = counting.agent([("wait", {"n": 1}), ("wait", {"n": 2})], returned)
    service = awaken.Service("Waits")

    @agent.tool_plain
    async def wait(n: int) -> Any:
        return await restate_context().awakeable(type_hint=str, name=f"wait {n}")

    @service.handler()
    async def execute(ctx: awaken.Context) -> Any:
        return (await RestateAgent(agent).run("?")).output

    async with open_environment(service) as env:
        sent = await env.client.service_send(execute, None)
        await env.awakeable("wait 2").id()
        await env.client.cancel(sent.invocation_id)
        with pytest.raises(awaken.HttpError, match="cancelled"):
            await env.client.attach(sent.invocation_id)
    assert counting.counts["model"] == 1


# ------------------------------------------------------------ calls that others complete


@pytest.mark.parametrize("wraps", [False, True])
async def test_deferred_calls_keep_what_they_were_given(counting: Counting, wraps: bool) -> None:
    agent = counting.agent(
        [("outside", {}), ("question", {}), ("permission", {})], output_type=[str, DeferredToolRequests]
    )

    @agent.tool_plain
    async def outside() -> str:
        raise CallDeferred({"queue": "ü"})

    @agent.tool_plain
    async def question() -> str:
        raise CallDeferred(kind="question")

    @agent.tool_plain
    async def permission() -> str:
        raise ApprovalRequired({"why": "danger"})

    async def work() -> Any:
        output: Any = (await RestateAgent(agent, auto_wrap_tools=wraps).run("?")).output
        return [
            [call.tool_name for call in output.calls],
            [call.tool_name for call in output.approvals],
            output.metadata,
            [output.kind(call.tool_call_id) for call in output.calls],
        ]

    assert await in_handler(work) == [
        ["outside", "question"],
        ["permission"],
        {"0.0": {"queue": "ü"}, "0.2": {"why": "danger"}},
        ["external", "question"],
    ]
