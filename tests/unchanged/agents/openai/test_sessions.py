"""Conversations in the state of an object."""

from __future__ import annotations

from typing import Any

import awaken
import pytest
from agents import Agent, RunConfig, SessionSettings
from agents.memory import Session
from awaken.errors import HttpError, UsageError
from awaken.ext.openai import DurableRunner, RestateSession, durable_function_tool
from awaken.testing import open_environment

from tests.unchanged.agents.openai.scripted import ScriptedModel, calls, first_then_report, says


def user(text: str) -> Any:
    return {"role": "user", "content": text}


async def in_object(
    handle: Any, *, key: str = "ada", times: int = 1, retries: bool = False
) -> tuple[Any, Any]:
    """Call a handler of an object, and return its last answer and the state."""
    chats = awaken.VirtualObject("Chats")

    @chats.handler()
    async def ask(ctx: awaken.ObjectContext) -> Any:
        return await handle(ctx)

    async with open_environment(awaken.app([chats]), always_replay=True, retries=retries) as env:
        answers = [await env.client.object_call(ask, key, None) for _ in range(times)]
        return answers[-1], env.state("Chats", key)


async def test_conversation_grows_from_call_to_call() -> None:
    model = ScriptedModel(lambda items: [says(f"heard {len(items)}")])

    async def handle(ctx: awaken.ObjectContext) -> Any:
        return (
            await DurableRunner.run(Agent(name="A", model=model), "hi ☕", use_restate_session=True)
        ).final_output

    answer, state = await in_object(handle, times=3)

    assert answer == "heard 5"
    assert [item["role"] for item in state["items"]] == ["user", "assistant"] * 3
    assert state["items"][0] == {"role": "user", "content": "hi ☕"}


async def test_session_of_the_user_is_written_after_the_run() -> None:
    model = ScriptedModel(lambda items: [says(f"heard {len(items)}")])

    async def handle(ctx: awaken.ObjectContext) -> Any:
        session = RestateSession()
        await DurableRunner.run(Agent(name="A", model=model), "one", session=session)
        result = await DurableRunner.run(Agent(name="A", model=model), "two", session=session)
        return result.final_output

    answer, state = await in_object(handle)

    assert answer == "heard 3"
    assert len(state["items"]) == 4


async def test_methods_of_the_protocol() -> None:
    async def handle(ctx: awaken.ObjectContext) -> Any:
        session = RestateSession()
        assert isinstance(session, Session)
        seen: list[Any] = [session.session_id, await session.get_items(), await session.pop_item()]
        await session.add_items([])
        await session.add_items([user("one"), user("two"), user("three")])
        for limit in (None, 2, 0, 9):
            items: list[Any] = list(await session.get_items(limit))
            seen.append([each["content"] for each in items])
        session.session_settings = SessionSettings(limit=1)
        seen += [len(await session.get_items()), len(await session.get_items(3)), (await session.pop_item())]
        return seen

    answer, state = await in_object(handle)

    everything = ["one", "two", "three"]
    assert answer == ["ada", [], None, everything, everything[1:], [], everything, 1, 3, user("three")]
    assert state == {"items": [user("one"), user("two")]}


async def test_cleared_conversation_leaves_no_state() -> None:
    async def handle(ctx: awaken.ObjectContext) -> Any:
        session = RestateSession()
        await session.add_items([user("one")])
        await session.clear_session()
        return await session.get_items()

    assert await in_object(handle) == ([], {})


async def test_failed_run_leaves_what_the_user_said() -> None:
    """As with the official SDK. A tool call without a result would make the next request invalid."""

    @durable_function_tool
    async def fail() -> str:
        """Fail."""
        raise awaken.TerminalError("no way")

    async def handle(ctx: awaken.ObjectContext) -> Any:
        agent = Agent(name="A", model=ScriptedModel(first_then_report(calls("fail"))), tools=[fail])
        try:
            await DurableRunner.run(agent, "hi", use_restate_session=True)
        except awaken.TerminalError as error:
            return error.message

    assert await in_object(handle) == ("no way", {"items": [user("hi")]})


async def test_failed_attempt_leaves_nothing() -> None:
    """Under the official SDK, the retry finds another journal than it makes, and the invocation is stuck."""
    left = ["first"]

    @durable_function_tool
    async def flaky() -> str:
        """Fail once."""
        if left:
            raise ValueError(left.pop())
        return "fine"

    async def handle(ctx: awaken.ObjectContext) -> Any:
        agent = Agent(name="A", model=ScriptedModel(first_then_report(calls("flaky"))), tools=[flaky])
        return (await DurableRunner.run(agent, "hi", use_restate_session=True)).final_output

    answer, state = await in_object(handle, retries=True)

    assert answer == "fine"
    assert len(state["items"]) == 4


async def test_state_of_the_user_with_that_name_is_not_overwritten() -> None:
    async def handle(ctx: awaken.ObjectContext) -> None:
        ctx.set("items", {"pens": 3})
        await DurableRunner.run(Agent(name="A"), "hi", use_restate_session=True)

    with pytest.raises((UsageError, HttpError), match='the state "items" of this object is a dict'):
        await in_object(handle)


async def test_two_sessions_for_one_run_are_refused() -> None:
    async def handle(ctx: awaken.ObjectContext) -> None:
        await DurableRunner.run(Agent(name="A"), "hi", use_restate_session=True, session=RestateSession())

    with pytest.raises((UsageError, HttpError), match="use one of them"):
        await in_object(handle)


def test_session_needs_a_handler() -> None:
    with pytest.raises(UsageError, match="outside of a handler"):
        RestateSession()


async def test_limit_of_the_configuration() -> None:
    model = ScriptedModel(lambda items: [says(f"heard {len(items)}")])

    async def handle(ctx: awaken.ObjectContext) -> Any:
        config = RunConfig(session_settings=SessionSettings(limit=2))
        agent = Agent(name="A", model=model)
        return (await DurableRunner.run(agent, "x", use_restate_session=True, run_config=config)).final_output

    answer, state = await in_object(handle, times=4)

    assert answer == "heard 3"
    assert len(state["items"]) == 8
