"""What goes wrong in an agent, its tools and its model, and with those who use it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from awaken.errors import HttpError, UsageError
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphRecursionError
from langgraph.types import Command, interrupt

from tests.unchanged.agents.langchain.basics import ask, question, texts
from tests.unchanged.agents.langchain.kit import agent, result_of
from tests.unchanged.agents.langchain.scripted import asks, call, says
from tests.unchanged.agents.langchain.sdk import restate, restate_context


async def test_failing_model_ends_the_agent_when_its_retries_are_used_up() -> None:
    calls = []

    def fail(messages: Any) -> Any:
        calls.append(messages)
        raise ConnectionError("no model")

    async def body(ctx: Any) -> None:
        options = restate.RunOptions[Any](
            max_attempts=3, initial_retry_interval=timedelta(milliseconds=1), type_hint=str
        )
        await agent(fail, run_options=options).ainvoke(question())

    with pytest.raises(HttpError, match="no model"):
        await result_of(body)
    assert len(calls) == 3


async def test_other_tools_do_not_begin_when_one_failed() -> None:
    begun = []

    @tool
    async def note(name: str) -> str:
        """Note."""
        begun.append(name)
        if name == "b":
            raise restate.TerminalError("stop")
        return name

    async def body(ctx: Any) -> str:
        try:
            await agent(asks(*(call("note", name, name=name) for name in "abcd")), tools=[note]).ainvoke(
                question()
            )
        except restate.TerminalError as error:
            await ctx.sleep(timedelta(milliseconds=1))
            return f"{error.message}, then {(await ask(says('sorry')))[-1]}"
        return ""

    assert await result_of(body) == "stop, then ai: sorry"
    assert sorted(set(begun)) == ["a", "b"]


async def test_tools_continue_when_one_asks_through_an_interrupt() -> None:
    @tool
    async def doubt(what: str) -> str:
        """Ask."""
        return f"{what}: {interrupt('sure?')}"

    async def body(ctx: Any) -> list[str]:
        calls = [
            call("doubt", "c1", what="a"),
            call("weather", "c2", city="Rome"),
            call("doubt", "c3", what="b"),
        ]
        made = agent(asks(*calls), says("."), tools=[doubt], checkpointer=InMemorySaver())
        config = {"configurable": {"thread_id": "1"}}
        result = await made.ainvoke(question(), config)
        assert len(result["__interrupt__"]) == 2
        answers = {one.id: f"answer {place}" for place, one in enumerate(result["__interrupt__"])}
        return texts(await made.ainvoke(Command(resume=answers), config))

    assert await result_of(body) == [
        *("human: ?", "ai: ", "tool: a: answer 0", "tool: sunny in Rome", "tool: b: answer 1", "ai: ."),
    ]


async def test_calls_with_the_same_id_both_run() -> None:
    async def body(ctx: Any) -> list[str]:
        return await ask(asks(call("weather", "c", city="A"), call("weather", "c", city="B")), says("."))

    assert (await result_of(body))[2:4] == ["tool: sunny in A", "tool: sunny in B"]


async def test_recursion_limit_is_an_error_of_the_handler() -> None:
    async def body(ctx: Any) -> None:
        script = [asks(call("weather", city=str(number))) for number in range(20)]
        await agent(*script).ainvoke(question(), {"recursion_limit": 5})

    with pytest.raises(GraphRecursionError):
        await result_of(body)


@pytest.mark.parametrize("method", ["invoke", "stream"])
async def test_blocking_call_names_what_to_use(method: str) -> None:
    async def body(ctx: Any) -> None:
        result = getattr(agent(says(".")), method)(question())
        if method == "stream":
            list(result)

    with pytest.raises(UsageError, match=r"await agent\.ainvoke"):
        await result_of(body)


async def test_agent_outside_of_a_handler_is_refused() -> None:
    with pytest.raises(UsageError, match="outside of a handler"):
        await agent(says(".")).ainvoke(question())


async def test_answer_without_json_form_is_not_retried() -> None:
    async def body(ctx: Any) -> None:
        await agent(says(".", additional_kwargs={"a": object()})).ainvoke(question())

    with pytest.raises(UsageError, match="ModelResponse"):
        await result_of(body)


async def test_tool_in_a_thread_cannot_run_durable_operations() -> None:
    @tool
    def look_up() -> str:
        """Look up."""
        return str(restate_context().run_typed("look", lambda: 1))

    async def body(ctx: Any) -> None:
        await agent(asks(call("look_up")), tools=[look_up]).ainvoke(question())

    with pytest.raises(UsageError, match="belong to the thread of its event loop"):
        await result_of(body)


#: As if a package were not installed.
WITHOUT = """
import sys

class Without:
    def find_spec(self, name, *_):
        if name.split(".")[0] == {package!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)

sys.meta_path.insert(0, Without())
import awaken.ext.langchain
"""


@pytest.mark.parametrize("package", ["langchain", "langgraph"])
def test_missing_package_names_the_extra(package: str) -> None:
    code = WITHOUT.format(package=package)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert f"`{package}` is not installed: pip install 'awaken[langchain]'" in ended.stderr
