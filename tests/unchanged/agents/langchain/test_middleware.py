"""Other middleware beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from awaken.errors import HttpError, UsageError
from awaken.testing import open_environment
from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    ModelRetryMiddleware,
    ToolRetryMiddleware,
)
from langchain_core.tools import tool

from tests.unchanged.agents.langchain.basics import question, texts
from tests.unchanged.agents.langchain.scripted import Scripted, asks, call, says
from tests.unchanged.agents.langchain.sdk import RestateMiddleware, restate, restate_context

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from langchain.agents.middleware import ModelRequest, ModelResponse


from tests.unchanged.agents.langchain.kit import agent, result_of


async def test_failing_tool_is_tried_again_by_middleware() -> None:
    async def body(ctx: Any) -> list[str]:
        retry = ToolRetryMiddleware(max_retries=1, initial_delay=0.01)
        calls = [call("fail", "c1", kind="value"), call("weather", "c2", city="Rome")]
        return texts(await agent(asks(*calls), says("."), middleware=[retry]).ainvoke(question()))

    failed, fine = (await result_of(body))[2:4]

    assert failed.startswith("tool: Tool 'fail' failed after 2 attempts")
    assert fine == "tool: sunny in Rome"


@pytest.mark.parametrize("kind", ["terminal", "run"])
async def test_terminal_error_passes_middleware_that_does_not_try_it_again(kind: str) -> None:
    async def body(ctx: Any) -> list[str]:
        retries: dict[str, Any] = {
            "retry_on": lambda error: not isinstance(error, restate.TerminalError),
            "initial_delay": 0.01,
        }
        others = [ToolRetryMiddleware(**retries), ModelRetryMiddleware(**retries)]
        return texts(await agent(asks(call("fail", kind=kind)), middleware=others).ainvoke(question()))

    with pytest.raises(HttpError) as raised:
        await result_of(body)

    assert raised.value.code == {"terminal": 418, "run": 404}[kind]


@pytest.mark.parametrize("concurrent", [False, True])
async def test_middleware_that_tries_again_does_not_hide_a_cancellation(concurrent: bool) -> None:
    service = restate.Service("Patient")
    asked = []

    @tool
    async def wait_long() -> str:
        """Wait."""
        asked.append("tool")
        await restate_context().awakeable()[1]
        return "never"

    @service.handler()
    async def run(ctx: restate.Context) -> None:
        retry = ToolRetryMiddleware(max_retries=2, initial_delay=0.01)
        calls = [call("weather", "c0", city="Rome"), call("wait_long", "c1"), call("wait_long", "c2")]
        script = [asks(*calls), AssertionError("asked again")]
        made = agent(*script, tools=[wait_long], middleware=[retry], concurrent_tools=concurrent)
        await made.ainvoke(question())

    async with open_environment(restate.app([service])) as env:
        sent = await env.client.service_send(run, None)
        await env.settle()
        await env.client.cancel(sent.invocation_id)

        with pytest.raises(HttpError, match="cancelled") as raised:
            await env.client.attach(sent.invocation_id)

    assert raised.value.code == 409
    assert asked == ["tool"] * (2 if concurrent else 1)


async def test_model_is_tried_again_by_middleware_around_its_runs() -> None:
    options = restate.RunOptions[Any](max_attempts=1)

    async def body(ctx: Any) -> list[str]:
        retry = ModelRetryMiddleware(max_retries=2, initial_delay=0.01)
        made = agent(ConnectionError("down"), middleware=[retry], run_options=options)
        return texts(await made.ainvoke(question()))

    assert "ConnectionError('down')" in (await result_of(body))[-1]


async def test_other_middleware_may_use_the_context_around_the_model() -> None:
    class Counting(AgentMiddleware):
        async def awrap_model_call(
            self, request: ModelRequest, handler: Callable[[ModelRequest], Awaitable[ModelResponse]]
        ) -> ModelResponse:
            await restate_context().run_typed("before", lambda: 1)
            return await handler(request)

    async def body(ctx: Any) -> list[str]:
        return texts(await agent(says("hi"), middleware=[Counting()]).ainvoke(question()))

    assert (await result_of(body))[-1] == "ai: hi"


async def test_middleware_inside_of_the_run_may_not_use_the_context() -> None:
    class Inside(AgentMiddleware):
        async def awrap_model_call(self, request: Any, handler: Any) -> Any:
            await restate_context().run_typed("inside", lambda: 1)
            return await handler(request)

    async def body(ctx: Any) -> list[str]:
        made = create_agent(Scripted(script=[says("hi")]), middleware=[RestateMiddleware(), Inside()])
        return texts(await made.ainvoke(question()))

    with pytest.raises(UsageError, match='in the run "LLM call"'):
        await result_of(body)
