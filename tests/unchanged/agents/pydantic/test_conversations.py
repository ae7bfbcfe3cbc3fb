"""Messages in the state of objects: a replay writes the bytes that it wrote before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import awaken
from awaken.ext.pydantic import PydanticTypeAdapter, RestateAgent, restate_context, restate_object_context
from awaken.testing import open_environment
from pydantic_ai import Agent, ModelMessage, RunContext
from pydantic_ai.messages import ModelRequest

from tests.unchanged.agents.pydantic.handlers import Counting, in_handler
from tests.unchanged.agents.pydantic.scripted import LONG_AGO, returned

MESSAGES: Any = PydanticTypeAdapter(list[ModelMessage])


def remembering(counting: Counting) -> awaken.VirtualObject:
    """Return a chat whose agent uses a tool, and which waits after it has stored the conversation."""
    chats = awaken.VirtualObject("Chats")
    wrapped = counting.agent([("note", {})], returned, [("note", {})], returned, instructions="Remember")
    agent = RestateAgent(wrapped)

    @wrapped.tool
    async def note(run: RunContext[Any]) -> str:
        ctx = restate_object_context()
        ctx.set("seen", run.messages, serde=MESSAGES)
        return await ctx.run_typed("note", lambda: f"note {counting.add('note', counting.counts['note'])}")

    @chats.handler()
    async def say(ctx: awaken.ObjectContext, text: str) -> list[Any]:
        history = await ctx.get("messages", serde=MESSAGES)
        result = await agent.run(text, message_history=history)
        ctx.set("messages", result.all_messages(), serde=MESSAGES)
        await ctx.sleep(timedelta(milliseconds=1))
        return [result.output, len(result.all_messages()), len(result.new_messages())]

    return chats


async def test_conversation_goes_on_from_state(counting: Counting) -> None:
    async with open_environment(remembering(counting), always_replay=True) as env:
        assert await env.client.generic_call("Chats", "say", b'"a"', key="k") == b'["note 0", 4, 4]'
        assert await env.client.generic_call("Chats", "say", b'"b"', key="k") == b'["note 0 | note 1", 8, 4]'

        stored = env.state("Chats", "k")["messages"]

    runs = {message["run_id"] for message in stored}
    assert len(runs) == 2
    assert len({message["conversation_id"] for message in stored}) == 1
    assert counting.counts == {"model": 4, "note": 2}


async def test_requests_have_the_times_of_their_answers(counting: Counting) -> None:
    async def work() -> Any:
        result = await RestateAgent(counting.agent("hello")).run("?")
        request: Any = result.all_messages()[0]
        return [request.timestamp == LONG_AGO, request.parts[0].timestamp == LONG_AGO]

    assert await in_handler(work) == [True, True]


async def test_times_of_earlier_runs_stay(counting: Counting) -> None:
    then = datetime(2010, 1, 1, tzinfo=UTC)

    async def work() -> Any:
        history: list[ModelMessage] = [ModelRequest.user_text_prompt("earlier")]
        history[0].timestamp = then
        result = await RestateAgent(counting.agent("hello")).run("?", message_history=history)
        return [message.timestamp for message in result.all_messages()] == [then, LONG_AGO, LONG_AGO]

    assert await in_handler(work)


async def test_each_run_of_a_handler_has_an_id_of_its_own(counting: Counting) -> None:
    ids: list[list[str]] = []

    async def work() -> Any:
        ids.append([])
        for _ in range(3):
            ids[-1].append((await RestateAgent(counting.agent("hello")).run("?")).run_id)
            await restate_context().sleep(timedelta(milliseconds=1))

    await in_handler(work)
    assert len(set(ids[-1])) == 3
    assert all(ids[-1][: len(replay)] == replay for replay in ids)


async def test_id_that_the_application_chose_stays(counting: Counting) -> None:
    async def work() -> Any:
        result = await RestateAgent(counting.agent("hello")).run("?", run_id="mine", conversation_id="ours")
        return [result.run_id, result.conversation_id]

    assert await in_handler(work) == ["mine", "ours"]


async def test_usage_and_dependencies_are_those_of_the_application(counting: Counting) -> None:
    agent: Agent[dict[str, int], Any] = counting.agent([("use", {})], returned, deps_type=dict)

    @agent.tool
    async def use(run: RunContext[dict[str, int]]) -> int:
        run.deps["used"] = await restate_context().run_typed("use", lambda: run.deps["limit"] + 1)
        return run.deps["used"]

    async def work() -> Any:
        deps = {"limit": 6}
        result = await RestateAgent(agent).run("?", deps=deps)
        return [result.output, deps["used"], result.usage.requests, result.usage.input_tokens > 0]

    assert await in_handler(work) == ["7", 7, 2, True]
