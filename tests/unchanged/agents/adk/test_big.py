"""Big, many, and odd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from awaken.ext.adk import RestatePlugin, restate_context
from awaken.testing import open_environment
from google.adk.events import Event
from google.adk.sessions import Session
from google.genai import types

from tests.unchanged.agents.adk.applications import Application, agent, events_of, runner, say_all, user
from tests.unchanged.agents.adk.scripted import notes, say, use

if TYPE_CHECKING:
    from pathlib import Path

    import awaken

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


async def test_tool_with_five_megabytes() -> None:
    async def load() -> dict[str, str]:
        """Load much."""
        return await restate_context().run_typed("load", lambda: {"data": "ä" * 2_500_000})

    def size(request: Any) -> Any:
        return say(str(len(request.contents[-1].parts[0].function_response.response["data"])))

    running = runner(agent(use(("load", {})), size, tools=[load]))
    application = Application(lambda ctx, message: say_all(running, ctx, message))

    async with open_environment(application.app, always_replay=True) as env:
        assert await application.call(env) == ["2500000"]


async def test_fifty_turns(calls: Path) -> None:
    async def step(number: int) -> int:
        """Take a step."""
        return await restate_context().run_typed(f"step {number}", lambda: number)

    def next_step(request: Any) -> Any:
        done = sum(content.role == "model" for content in request.contents)
        return use(("step", {"number": done})) if done < 50 else say("there")

    running = runner(agent(next_step, tools=[step]))
    application = Application(lambda ctx, message: say_all(running, ctx, message))

    async with open_environment(application.app) as env:
        assert await application.call(env) == ["there"]
        assert len(env.state("Chat", "ada")["session_store::chat"]["events"]) == 102
    assert len(notes(calls)) == 51


@pytest.mark.parametrize("concurrent_tools", [False, True])
async def test_thirty_tools_of_one_turn(concurrent_tools: bool) -> None:
    async def step(number: int) -> int:
        """Take a step."""
        return await restate_context().run_typed(f"step {number}", lambda: number)

    asked = use(*[("step", {"number": number}) for number in range(30)])
    running = runner(
        agent(asked, say("there"), tools=[step]), plugins=[RestatePlugin(concurrent_tools=concurrent_tools)]
    )
    application = Application(lambda ctx, message: say_all(running, ctx, message))

    async with open_environment(application.app, always_replay=True) as env:
        assert await application.call(env) == ["there"]
        results = env.state("Chat", "ada")["session_store::chat"]["events"][2]["content"]["parts"]
        assert [each["function_response"]["response"]["result"] for each in results] == list(range(30))


async def test_odd_parts_survive_the_journal_and_the_state() -> None:
    data = bytes(range(256))
    parts = [
        types.Part(text='日本 🎉 \u2028 \x00 \\ "'),
        types.Part(inline_data=types.Blob(data=data, mime_type="image/png"), thought_signature=data),
        types.Part(text="", thought=True),
    ]
    usage = types.GenerateContentResponseUsageMetadata(prompt_token_count=3, total_token_count=5)
    answer = say("").model_copy(
        update={
            "content": types.Content(role="model", parts=parts),
            "usage_metadata": usage,
            "custom_metadata": {"a": [None, 1.5]},
        }
    )

    def check(request: Any) -> Any:
        assert request.contents[1].parts[1] == parts[1]
        return say("same")

    running = runner(agent(answer))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        if message == "again":
            return await say_all(runner(agent(check)), ctx, message)
        event = (await events_of(running, ctx, message))[-1]
        await ctx.run_typed("wait", lambda: None)
        assert event.content is not None
        assert event.content.parts == parts
        assert (event.usage_metadata, event.custom_metadata) == (usage, {"a": [None, 1.5]})
        return "kept"

    application = Application(handle)
    async with open_environment(application.app, always_replay=True) as env:
        assert await application.call(env) == "kept"
        assert await application.call(env, "again") == ["same"]
        stored = Session.model_validate(env.state("Chat", "ada")["session_store::chat"])
        assert stored.events[1].content is not None
        assert stored.events[1].content.parts == parts
        assert stored.events[1].usage_metadata == usage


async def test_session_of_a_thousand_events_is_written_once_per_turn() -> None:
    old = [
        Event(author="user" if i % 2 else "agent", content=user(f"message {i}"), timestamp=float(i))
        for i in range(1000)
    ]
    session = Session(id="chat", app_name="app", user_id="ada", events=old)
    running = runner(agent(say("fine")))

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        if message == "fill":
            ctx.set("session_store::chat", session.model_dump(mode="json"))
            return None
        return await say_all(running, ctx, message)

    application = Application(handle)
    async with open_environment(application.app) as env:
        await application.call(env, "fill")
        assert await application.call(env, "ask") == ["fine"]

        stored = env.state("Chat", "ada")["session_store::chat"]
        assert len(stored["events"]) == 1002
        written = env.fetch("SELECT length(value) FROM state")[0][0]
        assert written < 250 * 1002
