"""Applications with agents of ADK. The same text runs with the official SDK and with this one.

The environment says which: `ADK_SDK` is `restate` or `awaken`, and `ADK_SERVICES` has the names of the objects.
"""

from __future__ import annotations

import asyncio
import importlib
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.adk.agents import LlmAgent
from google.adk.apps import App
from google.adk.runners import Runner
from google.adk.tools.agent_tool import AgentTool
from google.genai import types
from pydantic import BaseModel

from tests.unchanged.agents.adk.scripted import Scripted, note, say, use

if TYPE_CHECKING:
    import awaken as restate
    import awaken.ext.adk as ext
else:
    SDK = os.environ.get("ADK_SDK", "awaken")
    restate = importlib.import_module(SDK)
    ext = importlib.import_module(f"{SDK}.ext.adk")

NAMES = os.environ.get("ADK_SERVICES", "AdkChat").split(",")
APP = "program"

# ---------------------------------------------------------------- tools


async def weather(city: str) -> dict[str, str]:
    """Tell the weather of a city."""
    ctx = ext.restate_context()

    def fetch() -> str:
        note("fetch", city)
        return f"sunny in {city}"

    return {"weather": await ctx.run_typed(f"fetch {city}", fetch)}


async def compare(city: str) -> str:
    """Look at a city twice."""
    ctx = ext.restate_context()
    first = await ctx.run_typed(f"first {city}", lambda: 20)
    await ctx.sleep(timedelta(milliseconds=1), name=f"between {city}")
    second = await ctx.run_typed(f"second {city}", lambda: 22)
    return f"{city}: {first} to {second}"


async def approve(amount: int) -> str:
    """Ask a person."""
    ctx = ext.restate_context()
    identifier, answer = ctx.awakeable(type_hint=str)

    def publish() -> None:
        Path(os.environ["ADK_AWAKEABLE"]).write_text(identifier)

    await ctx.run_typed("publish", publish)
    return f"{amount}: {await answer}"


async def remote(question: str) -> str:
    """Ask an expert, who is a service."""
    return await ext.restate_context().service_call(answer_question, question)


async def survey(questions: list[str]) -> list[str]:
    """Ask several experts at the same time."""
    ctx = ext.restate_context()
    asked = [ctx.service_call(answer_question, question) for question in questions]
    await restate.gather(*asked)
    return [await answer for answer in asked]


async def approve_in_time(amount: int) -> str:
    """Ask a person, who may not answer."""
    ctx = ext.restate_context()
    _, answer = ctx.awakeable(type_hint=str)
    match await restate.select(answer=answer, timeout=ctx.sleep(timedelta(milliseconds=20))):
        case ["answer", given]:
            return f"{amount}: {given}"
        case _:
            return f"{amount}: nobody answered"


async def count_up() -> int:
    """Add one to a number in the state of the key."""
    ctx = ext.restate_object_context()
    number = (await ctx.get("number", type_hint=int) or 0) + 1
    await ctx.run_typed("think", lambda: None)
    ctx.set("number", number)
    return number


def plain(number: int) -> int:
    """Double a number, without a context."""
    return 2 * number


async def remember(what: str, tool_context: Any) -> str:
    """Keep something for later turns."""
    for key in ("note", "app:note", "user:note", "temp:note"):
        tool_context.state[key] = what
    return "remembered"


async def fail(how: str) -> str:
    """Fail."""
    if how == "terminal":
        raise restate.TerminalError("no such thing", status_code=418)
    raise ValueError(how)


# ---------------------------------------------------------------- agents


def agent(*turns: Any, name: str = "agent", **options: Any) -> LlmAgent:
    return LlmAgent(
        name=name, model=Scripted(model=name, turns=list(turns)), instruction="Be short.", **options
    )


CITIES = ("Rome", "Oslo", "Bern")
AGENTS = {
    "basic": agent(say("hello")),
    "tool": agent(use(("weather", {"city": "Rome"})), say("It is sunny."), tools=[weather]),
    "parallel": agent(
        *[use(*(("compare", {"city": city}) for city in CITIES)), say("Compared.")], tools=[compare]
    ),
    "approval": agent(use(("approve", {"amount": 300})), say("Decided."), tools=[approve]),
    "counting": agent(use(*[("count_up", {})] * 3), say("Counted."), tools=[count_up]),
    "plain": agent(use(("plain", {"number": 2}), ("plain", {"number": 3})), say("Doubled."), tools=[plain]),
    "remembering": agent(use(("remember", {"what": "tea"})), say("Noted."), tools=[remember]),
    "terminal": agent(
        use(("weather", {"city": "Rome"}), ("fail", {"how": "terminal"})), tools=[weather, fail]
    ),
    "unknown": agent(use(("no_such_tool", {})), say("Sorry."), tools=[plain]),
    "model_fails": agent(ValueError("the model is down")),
    "experts": agent(
        use(("transfer_to_agent", {"agent_name": "expert"})),
        sub_agents=[agent(say("I know."), name="expert", description="knows")],
    ),
    "inner": agent(
        use(("helper", {"request": "help"})),
        say("Helped."),
        tools=[
            AgentTool(
                agent(use(("weather", {"city": "Rome"})), say("Sunny."), name="helper", tools=[weather])
            )
        ],
    ),
    "survey": agent(use(("survey", {"questions": ["why", "how", "when"]})), say("Surveyed."), tools=[survey]),
    "in_time": agent(use(("approve_in_time", {"amount": 5})), say("Timed out."), tools=[approve_in_time]),
    "draft": agent(say("a draft"), name="writer", output_key="draft"),
    "review": agent(lambda request: say(f"reviewed {len(request.contents)}"), name="reviewer"),
    "remote": agent(
        use(("remote", {"question": "why"}), ("remote", {"question": "how"})),
        say("Now I know."),
        tools=[remote],
    ),
}

# ---------------------------------------------------------------- handlers


class Question(BaseModel):
    agent: str
    message: str = "hi"
    session: str = "chat"
    attempts: int | None = None


def runner_of(name: str, attempts: int | None = None) -> Runner:
    options = None
    if attempts is not None:
        options = restate.RunOptions[Any](
            max_attempts=attempts, initial_retry_interval=timedelta(milliseconds=1)
        )
    app = App(name=APP, root_agent=AGENTS[name], plugins=[ext.RestatePlugin(run_options=options)])
    return Runner(app=app, session_service=ext.RestateSessionService())


def message(text: str) -> types.Content:
    return types.Content(role="user", parts=[types.Part(text=text)])


async def answer_of(runner: Runner, user: str, session: str, content: types.Content) -> str:
    said = []
    async for event in runner.run_async(user_id=user, session_id=session, new_message=content):
        if event.is_final_response() and event.content:
            said += [part.text for part in event.content.parts or () if part.text]
    return " ".join(said)


objects = [restate.VirtualObject(name) for name in NAMES]
experts = restate.Service(f"{NAMES[0]}Expert")


async def ask(ctx: restate.ObjectContext, question: Question) -> str:
    """Ask an agent."""
    runner = runner_of(question.agent, question.attempts)
    return await answer_of(runner, ctx.key(), question.session, message(question.message))


async def write(ctx: restate.ObjectContext, topic: str) -> str:
    """Have one agent after the other work on a topic, each in a session of its own."""
    said = []
    for name in ("draft", "review", "draft", "review"):
        await ctx.run_typed(f"note {name}", lambda: None)
        said.append(await answer_of(runner_of(name), ctx.key(), f"session of {name}", message(topic)))
    ctx.set("last", said[-1])
    return ", ".join(said)


async def begin(ctx: restate.ObjectContext, question: Question) -> str:
    """Make a session with a state, and ask an agent."""
    runner = runner_of(question.agent)
    session = await runner.session_service.create_session(
        app_name=APP, user_id=ctx.key(), session_id=question.session, state={"mood": "good"}
    )
    answer = await answer_of(runner, ctx.key(), session.id, message(question.message))
    changed = await runner.session_service.get_session(app_name=APP, user_id=ctx.key(), session_id=session.id)
    assert changed is not None
    listed = await runner.session_service.list_sessions(app_name=APP, user_id=ctx.key())
    return f"{answer} {changed.state['mood']} {len(changed.events)} {len(listed.sessions)}"


async def forget(ctx: restate.ObjectContext, session: str) -> None:
    """Delete a session."""
    await ext.RestateSessionService().delete_session(app_name=APP, user_id=ctx.key(), session_id=session)


for each in objects:
    for handle in (ask, write, begin, forget):
        each.handler()(handle)


@experts.handler()
async def answer_question(ctx: restate.Context, question: str) -> str:
    await asyncio.sleep(0)
    return f"because of {question}"


app = restate.app([*objects, experts])
