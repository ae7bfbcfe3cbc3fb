"""Sessions live in the state of a key."""

from __future__ import annotations

import asyncio
import itertools
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.errors import UsageError
from awaken.ext.adk import RestatePlugin, RestateSessionService
from awaken.testing import open_environment
from google.adk.agents import RunConfig
from google.adk.events import Event, EventActions
from google.adk.platform import time as platform_time
from google.adk.sessions import Session
from google.adk.sessions.base_session_service import GetSessionConfig

from tests.unchanged.agents.adk.applications import (
    APP,
    SESSION,
    Application,
    agent,
    events_of,
    runner,
    say_all,
    texts,
    user,
)
from tests.unchanged.agents.adk.scripted import say, use

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

WHO: Any = {"app_name": APP, "user_id": "ada"}


async def outcome_of(
    handle: Callable[[awaken.ObjectContext, str], Awaitable[Any]], *messages: str
) -> tuple[list[Any], dict[str, Any]]:
    """Call a handler with each message; return its results and the state of its key."""
    application = Application(handle)
    async with open_environment(application.app) as env:
        results = [await application.call(env, message) for message in messages or ["hi"]]
        return results, env.state("Chat", "ada")


async def test_sessions_are_made_listed_and_deleted() -> None:
    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        service = RestateSessionService()
        first = await service.create_session(**WHO, session_id="first", state={"a": 1, "temp:b": 2})
        second = await service.create_session(**WHO)
        with pytest.raises(awaken.TerminalError, match="has a session 'first' already"):
            await service.create_session(**WHO, session_id="first")
        await service.append_event(first, Event(author="user", timestamp=5))
        listed = (await service.list_sessions(**WHO)).sessions
        assert [session.id for session in listed] == [second.id, "first"]
        assert (listed[1].state, listed[1].events) == ({"a": 1}, [])
        await service.delete_session(**WHO, session_id="first")
        assert not await service.has_session(session_id="first")
        assert await service.has_session(session_id=second.id)
        return second.id

    (identifier,), state = await outcome_of(handle)

    assert state == {f"session_store::{identifier}": {"id": identifier, "app_name": APP, "user_id": "ada"}}


async def test_session_that_does_not_exist_is_empty_and_not_stored() -> None:
    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        session = await RestateSessionService().get_session(**WHO, session_id="new")
        assert session is not None
        return [session.id, session.user_id, session.events]

    results, state = await outcome_of(handle)

    assert (results, state) == ([["new", "ada", []]], {})


async def test_config_chooses_events_and_loses_none() -> None:
    chatting = runner(agent(say("yes")))
    seen: list[int] = []

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        config = RunConfig(get_session_config=GetSessionConfig(num_recent_events=2))
        await events_of(chatting, ctx, message, run_config=config)
        get = chatting.session_service.get_session
        configs = [
            GetSessionConfig(num_recent_events=3),
            GetSessionConfig(num_recent_events=0),
            GetSessionConfig(after_timestamp=1.0),
            GetSessionConfig(after_timestamp=2.0),
            None,
        ]
        sessions = [await get(**WHO, session_id=SESSION, config=config) for config in configs]
        seen[:] = [len(session.events) for session in sessions if session]

    _, state = await outcome_of(handle, "one", "two", "three")

    assert seen == [3, 0, 6, 0, 6]
    assert len(state["session_store::chat"]["events"]) == 6


async def test_several_sessions_of_a_key_do_not_mix() -> None:
    chatting = runner(agent(lambda request: say(str(len(request.contents)))))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        name, _, text = message.partition(" ")
        return await say_all(chatting, ctx, text, session=name)

    results, state = await outcome_of(handle, "a hi", "b hi", "a again")

    assert results == [["1"], ["1"], ["3"]]
    assert {key: len(value["events"]) for key, value in state.items()} == {
        "session_store::a": 4,
        "session_store::b": 2,
    }


async def test_what_is_appended_without_an_agent_is_stored() -> None:
    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        service = RestateSessionService()
        session = await service.get_session(**WHO, session_id=SESSION)
        assert session is not None
        delta = {"x": None, "temp:y": 2, "app:z": {"deep": None}}
        await service.append_event(session, Event(author="user", actions=EventActions(state_delta=delta)))
        await service.append_event(session, Event(author="user", partial=True))
        assert session.state == {"x": None, "temp:y": 2, "app:z": {"deep": None}}

    _, state = await outcome_of(handle)

    assert state["session_store::chat"]["state"] == {"x": None, "app:z": {"deep": None}}
    assert len(state["session_store::chat"]["events"]) == 1


async def test_agent_that_fails_leaves_the_session_as_it_was() -> None:
    async def give_up() -> str:
        """Fail."""
        raise awaken.TerminalError("no")

    failing = runner(agent(use(("give_up", {})), tools=[give_up]))
    chatting = runner(agent(say("fine")))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        await say_all(chatting, ctx, "first")
        with pytest.raises(awaken.TerminalError, match="no"):
            await say_all(failing, ctx, "second")
        return await say_all(chatting, ctx, "third")

    results, state = await outcome_of(handle)

    assert results == [["fine"]]
    events = state["session_store::chat"]["events"]
    assert [event["content"]["parts"][0]["text"] for event in events] == ["first", "fine", "third", "fine"]


async def test_session_is_stored_when_the_handler_breaks_off() -> None:
    chatting = runner(agent(say("fine")))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        async for event in chatting.run_async(user_id="ada", session_id=SESSION, new_message=user(message)):
            if event.is_final_response():
                break
        return "broken off"

    _, state = await outcome_of(handle)

    assert len(state["session_store::chat"]["events"]) == 2


async def test_two_agents_at_once_in_one_session_both_stay() -> None:
    chatting = runner(agent(say("fine")))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        await asyncio.gather(say_all(chatting, ctx, "one"), say_all(chatting, ctx, "two"))

    _, state = await outcome_of(handle)

    said = [event["content"]["parts"][0]["text"] for event in state["session_store::chat"]["events"]]
    assert sorted(said) == ["fine", "fine", "one", "two"]


async def test_state_of_the_official_sdk_is_read_and_kept() -> None:
    stored = Session(
        id=SESSION,
        app_name="another",
        user_id="somebody",
        state={"user:name": "Ada"},
        events=[Event(author="user", content=user("before"), timestamp=1.5)],
    )
    chatting = runner(agent(lambda request: say(str(len(request.contents)))))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        if message == "first":
            ctx.set("session_store::chat", json.loads(stored.model_dump_json()))  # with all its empty fields
            return None
        return await say_all(chatting, ctx, message)

    results, state = await outcome_of(handle, "first", "second")

    assert results == [None, ["2"]]
    session = state["session_store::chat"]
    assert (session["user_id"], session["state"], len(session["events"])) == (
        "somebody",
        {"user:name": "Ada"},
        3,
    )
    assert Session.model_validate(session).events[0] == stored.events[0]


async def test_state_that_is_no_session_is_named() -> None:
    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        ctx.set("session_store::chat", {"events": 3})
        await RestateSessionService().get_session(**WHO, session_id=SESSION)

    with pytest.raises(awaken.HttpError, match='state "session_store::chat" is not a session'):
        await outcome_of(handle)


async def test_replay_keeps_the_times_of_what_is_stored() -> None:
    clock = itertools.count(1.0)
    chatting = runner(agent(say("fine")))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        platform_time.set_time_provider(lambda: next(clock))
        await say_all(chatting, ctx, "first")
        first = await ctx.get("session_store::chat", type_hint=dict)
        await ctx.sleep(timedelta(milliseconds=1))
        await say_all(chatting, ctx, "second")
        return [event["timestamp"] for event in first["events"]] if first else None

    application = Application(handle)
    async with open_environment(application.app, always_replay=True) as env:
        times = await application.call(env)
        events = env.state("Chat", "ada")["session_store::chat"]["events"]

    assert [event["timestamp"] for event in events[:2]] == times
    assert len(events) == 4


async def test_value_without_json_in_the_state_is_named_once() -> None:
    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        await RestateSessionService().create_session(**WHO, session_id=SESSION, state={"lock": object()})

    with pytest.raises(UsageError, match="RecordSerde raised"):
        await outcome_of(handle)


async def test_shared_handlers_read_sessions_and_write_none() -> None:
    chat = awaken.VirtualObject("Chat")

    @chat.handler()
    async def make(ctx: awaken.ObjectContext) -> None:
        await RestateSessionService().create_session(**WHO, session_id=SESSION)

    @chat.handler(kind="shared")
    async def look(ctx: awaken.ObjectSharedContext) -> list[str]:
        service = RestateSessionService()
        session = await service.get_session(**WHO, session_id=SESSION)
        assert session is not None
        with pytest.raises(awaken.TerminalError, match="needs an exclusive handler"):
            await service.append_event(session, Event(author="user"))
        return [session.id for session in (await service.list_sessions(**WHO)).sessions]

    async with open_environment(awaken.app([chat])) as env:
        await env.client.object_call(make, "ada", None)
        assert await env.client.object_call(look, "ada", None) == [SESSION]


async def test_service_has_no_sessions() -> None:
    plain = awaken.Service("Plain")

    @plain.handler()
    async def ask(ctx: awaken.Context) -> None:
        await RestateSessionService().get_session(**WHO, session_id=SESSION)

    async with open_environment(awaken.app([plain])) as env:
        with pytest.raises(UsageError, match="ADK's InMemorySessionService in the handler"):
            await env.client.service_call(ask, None)


async def test_plugin_works_with_sessions_elsewhere() -> None:
    from google.adk.sessions import InMemorySessionService

    plain = awaken.Service("Plain")

    @plain.handler()
    async def ask(ctx: awaken.Context) -> list[str]:
        service = InMemorySessionService()
        chatting = runner(agent(say("fine")), plugins=[RestatePlugin()], service=service)
        await service.create_session(**WHO, session_id=SESSION)
        stream = chatting.run_async(user_id="ada", session_id=SESSION, new_message=user("hi"))
        return texts([event async for event in stream])

    async with open_environment(awaken.app([plain]), always_replay=True) as env:
        assert await env.client.service_call(ask, None) == ["fine"]
