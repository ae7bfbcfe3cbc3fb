"""Helpers of the tests that run agents in this process, with the test kit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.ext.adk import RestatePlugin, RestateSessionService, restate_context
from awaken.testing import open_environment
from google.adk.agents import LlmAgent
from google.adk.apps import App
from google.adk.platform import time as platform_time
from google.adk.runners import Runner
from google.genai import types

from tests.unchanged.agents.adk.scripted import Scripted, notes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from awaken.testing import Environment
    from google.adk.events import Event

APP = "app"
SESSION = "chat"
#: What ADK warns of when tests use what it has: marks for `pytestmark`.
WARNINGS_OF_AGENTS = [
    pytest.mark.filterwarnings("ignore:(Sequential|Parallel|Loop)Agent is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings(
        "ignore:The `plugins` argument is deprecated:DeprecationWarning"
    ),  # of AgentTool
    pytest.mark.filterwarnings("ignore:.*EXPERIMENTAL.*:UserWarning"),
]


def agent(*turns: Any, name: str = "agent", **options: Any) -> LlmAgent:
    """Return an agent whose model follows a script."""
    return LlmAgent(
        name=name, model=Scripted(model=name, turns=list(turns)), instruction="Be short.", **options
    )


def user(text: str) -> types.Content:
    """Return a message of the user."""
    return types.Content(role="user", parts=[types.Part(text=text)])


def runner(root: Any, *, plugins: list[Any] | None = None, service: Any = None, **options: Any) -> Runner:
    """Return a durable runner of an agent."""
    application = App(
        name=APP, root_agent=root, plugins=[RestatePlugin()] if plugins is None else plugins, **options
    )
    return Runner(app=application, session_service=service or RestateSessionService())


async def events_of(
    running: Runner,
    ctx: awaken.ObjectContext,
    content: types.Content | str = "hi",
    session: str = SESSION,
    **options: Any,
) -> list[Event]:
    """Run an agent and return its events."""
    message = user(content) if isinstance(content, str) else content
    stream = running.run_async(user_id=ctx.key(), session_id=session, new_message=message, **options)
    return [event async for event in stream]


def texts(events: list[Event]) -> list[str]:
    """Return what was said."""
    return [
        part.text
        for event in events
        for part in (event.content.parts if event.content else None) or ()
        if part.text
    ]


async def say_all(
    running: Runner, ctx: awaken.ObjectContext, content: types.Content | str = "hi", **options: Any
) -> list[str]:
    """Run an agent and return what it said."""
    return texts(await events_of(running, ctx, content, **options))


@dataclass
class Application:
    """A virtual object whose handler is what a test gives."""

    handle: Callable[[awaken.ObjectContext, str], Awaitable[Any]]
    chat: awaken.VirtualObject = field(default_factory=lambda: awaken.VirtualObject("Chat"))
    services: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        handle = self.handle

        async def ask(ctx: awaken.ObjectContext, message: str) -> Any:
            platform_time.set_time_provider(lambda: 1.0)  # so that states can be compared
            return await handle(ctx, message)

        self.ask = self.chat.handler()(ask)
        self.app = awaken.app([self.chat, *self.services])

    async def call(self, env: Environment, message: str = "hi", key: str = "ada") -> Any:
        """Call the handler; its invocation has the same id in each environment."""
        return await env.client.object_call(self.ask, key, message, idempotency_key=f"{key} {message}")

    async def send(self, env: Environment, message: str = "hi", key: str = "ada") -> str:
        """Start the handler and return the invocation."""
        sent = await env.client.object_send(self.ask, key, message, idempotency_key=f"{key} {message}")
        return sent.invocation_id


async def look_up(city: str) -> str:
    """Look at a city."""
    return await restate_context().run_typed(f"look at {city}", lambda: f"{city} is big")


async def results_of(
    handle: Callable[[awaken.ObjectContext, str], Awaitable[Any]], *messages: str
) -> list[Any]:
    """Call a handler with each message; each wait suspends it."""
    application = Application(handle)
    async with open_environment(application.app, always_replay=True) as env:
        return [await application.call(env, message) for message in messages or ["hi"]]


async def said_by(root: Any, *messages: str, **options: Any) -> list[Any]:
    """Return what an agent says to each message."""
    running = runner(root, **options)
    return await results_of(lambda ctx, message: say_all(running, ctx, message), *messages)


def models(path: Path) -> list[list[Any]]:
    """Return name and number of each call of a model."""
    return [each[1:3] for each in notes(path) if each[0] == "model"]
