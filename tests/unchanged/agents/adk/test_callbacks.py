"""Callbacks, plugins, and people who answer in later invocations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from awaken.ext.adk import RestatePlugin, restate_context
from awaken.testing import open_environment
from google.adk.apps.app import EventsCompactionConfig
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.function_tool import FunctionTool
from google.adk.tools.long_running_tool import LongRunningFunctionTool
from google.genai import types

from tests.unchanged.agents.adk.applications import (
    WARNINGS_OF_AGENTS,
    Application,
    agent,
    events_of,
    look_up,
    models,
    results_of,
    runner,
    said_by,
    say_all,
    texts,
)
from tests.unchanged.agents.adk.scripted import note, notes, say, use

if TYPE_CHECKING:
    from pathlib import Path

    import awaken

pytestmark = WARNINGS_OF_AGENTS


class Noting(BasePlugin):
    """Notes what it is called for."""

    async def before_model_callback(self, **_: Any) -> None:
        note(self.name, "before_model")

    async def after_model_callback(self, **_: Any) -> None:
        note(self.name, "after_model")

    async def before_tool_callback(self, **_: Any) -> None:
        note(self.name, "before_tool")

    async def after_tool_callback(self, **_: Any) -> None:
        note(self.name, "after_tool")


async def test_callbacks_and_plugins_around_ours_are_all_called(calls: Path) -> None:
    def called(name: str) -> Any:
        return lambda **_: note("agent", name)

    root = agent(
        use(("look_up", {"city": "Rome"})),
        say("done"),
        tools=[look_up],
        before_model_callback=lambda callback_context, llm_request: note("agent", "before_model"),
        after_model_callback=lambda callback_context, llm_response: note("agent", "after_model"),
        before_tool_callback=lambda tool, args, tool_context: note("agent", "before_tool"),
        after_tool_callback=lambda tool, args, tool_context, tool_response: note("agent", "after_tool"),
    )
    running = runner(root, plugins=[Noting("first"), RestatePlugin(), Noting("last")])

    application = Application(lambda ctx, message: say_all(running, ctx, message))
    async with open_environment(application.app) as env:
        assert await application.call(env) == ["done"]

    def around(what: str) -> list[list[str]]:
        return [[who, what] for who in ("first", "last", "agent")]

    expected = [*around("before_model"), ["model", "agent", 0, False], *around("after_model")]
    expected += [*around("before_tool"), *around("after_tool")]
    expected += [*around("before_model"), ["model", "agent", 1, False], *around("after_model")]
    assert notes(calls) == expected


async def test_callback_that_answers_keeps_the_model_from_being_asked(calls: Path) -> None:
    guarded = agent(
        say("never"), before_model_callback=lambda callback_context, llm_request: say("not allowed")
    )

    assert await said_by(guarded, "one", "two") == [["not allowed"], ["not allowed"]]
    assert models(calls) == []


class Answering(BasePlugin):
    """Answers for tools, before or after them, so that plugins after it are not called."""

    def __init__(self, place: str, tool: str) -> None:
        super().__init__(name="answering")
        self.place = place
        self.tool = tool

    async def before_tool_callback(self, *, tool: Any, **_: Any) -> dict[str, Any] | None:
        return {"answer": "before"} if self.place == "before" and tool.name == self.tool else None

    async def after_tool_callback(self, *, tool: Any, **_: Any) -> dict[str, Any] | None:
        return {"answer": "after"} if self.place == "after" else None


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("is_first", [True, False])
async def test_plugin_that_answers_for_tools_does_not_stop_the_others(place: str, is_first: bool) -> None:
    async def wait(city: str) -> str:
        """Wait."""
        await restate_context().run_typed("wait", lambda: None)
        return city

    root = agent(
        use(("wait", {"city": "A"}), ("look_up", {"city": "B"}), ("wait", {"city": "C"})),
        say("done"),
        tools=[wait, look_up],
    )
    plugins: list[BasePlugin] = [Answering(place, "look_up"), RestatePlugin()]

    assert await said_by(root, plugins=plugins if is_first else plugins[::-1]) == [["done"]]


async def test_summary_without_a_summarizer_of_ours_is_durable(calls: Path) -> None:
    compaction = EventsCompactionConfig(compaction_interval=1, overlap_size=0)

    assert await said_by(agent(say("fine")), events_compaction_config=compaction) == [["fine"]]
    assert models(calls) == [["agent", 0], ["agent", 0]]  # the answer and the summary, once each


def answer_to(calls: list[types.FunctionCall], response: dict[str, Any]) -> types.Content:
    """Return a message that gives the results of calls."""
    parts = [
        types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response=response))
        for call in calls
    ]
    return types.Content(role="user", parts=parts)


async def test_long_running_tool_gets_its_result_in_a_later_invocation(calls: Path) -> None:
    async def ask_person(question: str) -> None:
        """Ask a person, who answers later."""

    root = agent(
        use(("ask_person", {"question": "?"})), say("thanks"), tools=[LongRunningFunctionTool(ask_person)]
    )
    running = runner(root)
    asked: list[types.FunctionCall] = []

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        if message == "answer":
            return await say_all(running, ctx, answer_to(asked, {"answer": "yes"}))
        events = await events_of(running, ctx, message)
        asked[:] = [
            call for event in events for call in event.get_function_calls() if event.long_running_tool_ids
        ]
        return texts(events)

    assert await results_of(handle, "question", "answer") == [[], ["thanks"]]
    assert models(calls) == [["agent", 0], ["agent", 1]]


@pytest.mark.parametrize("confirmed", [True, False])
async def test_tool_waits_for_a_confirmation(confirmed: bool) -> None:
    done: list[str] = []

    async def pay(amount: int) -> str:
        """Pay."""

        def transfer() -> str:
            done.append("paid")
            return "paid"

        return await restate_context().run_typed("pay", transfer)

    root = agent(
        use(("pay", {"amount": 3})), say("over"), tools=[FunctionTool(pay, require_confirmation=True)]
    )
    running = runner(root)
    asked: list[types.FunctionCall] = []

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        if message == "answer":
            return await say_all(running, ctx, answer_to(asked, {"confirmed": confirmed}))
        events = await events_of(running, ctx, message)
        asked[:] = [c for e in events for c in e.get_function_calls() if c.name == "adk_request_confirmation"]
        return len(asked)

    assert await results_of(handle, "question", "answer") == [1, ["over"]]
    assert done == ["paid"] * confirmed


async def test_tools_of_one_turn_ask_people_at_the_same_time_if_told_so() -> None:
    async def approve(what: str) -> str:
        """Ask a person."""
        return await restate_context().awakeable(type_hint=str, name=what)

    root = agent(
        use(*[("approve", {"what": str(number)}) for number in range(3)]), say("done"), tools=[approve]
    )
    running = runner(root, plugins=[RestatePlugin(concurrent_tools=True)])
    application = Application(lambda ctx, message: say_all(running, ctx, message))

    async with open_environment(application.app, always_replay=True) as env:
        sent = await application.send(env)
        for number in (2, 0, 1):  # the order of people
            await env.awakeable(str(number)).resolve("yes")

        assert await env.client.attach(sent) == ["done"]
        events = env.state("Chat", "ada")["session_store::chat"]["events"]
        assert len(events[2]["content"]["parts"]) == 3
