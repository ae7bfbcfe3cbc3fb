"""What goes wrong in models, tools and summaries."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.errors import SuspendedException, UsageError
from awaken.exceptions import RetryableError
from awaken.ext.adk import RestateEventSummarizer, RestatePlugin, restate_context
from awaken.testing import open_environment
from google.adk.agents import RunConfig
from google.adk.apps.app import EventsCompactionConfig
from google.adk.models.base_llm import BaseLlm
from google.adk.plugins import ReflectAndRetryToolPlugin

from tests.unchanged.agents.adk.applications import Application, agent, runner, say_all
from tests.unchanged.agents.adk.scripted import Scripted, note, notes, say, use

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from google.adk.models.llm_request import LlmRequest
    from google.adk.models.llm_response import LlmResponse

pytestmark = pytest.mark.filterwarnings("ignore:.*EXPERIMENTAL.*:UserWarning")

THRICE = awaken.RunOptions[Any](max_attempts=3, initial_retry_interval=timedelta(milliseconds=1))


async def outcome_of(
    root: Any, *, retries: bool = False, config: RunConfig | None = None, **options: Any
) -> Any:
    """Return what an agent says, or the error that a caller gets."""
    running = runner(root, **options)
    application = Application(lambda ctx, message: say_all(running, ctx, message, run_config=config))
    async with open_environment(application.app, retries=retries) as env:
        try:
            return await application.call(env)
        except awaken.HttpError as error:
            return error.status_code, error.message


# ---------------------------------------------------------------- models


async def test_model_that_fails_is_asked_again_and_then_ends_the_invocation(calls: Path) -> None:
    outcome = await outcome_of(
        agent(ValueError("the model is down")), plugins=[RestatePlugin(run_options=THRICE)]
    )

    assert outcome == (500, "ValueError('the model is down')")
    assert len(notes(calls)) == 3


async def test_model_that_recovers_answers(calls: Path) -> None:
    answers: list[Any] = [ValueError("down"), ValueError("down"), say("up")]

    assert await outcome_of(agent(lambda _: answers.pop(0)), plugins=[RestatePlugin(run_options=THRICE)]) == [
        "up"
    ]


async def test_model_without_options_is_asked_again_by_the_runtime(calls: Path) -> None:
    answers: list[Any] = [ValueError("down"), say("up")]

    assert await outcome_of(agent(lambda _: answers.pop(0)), retries=True) == ["up"]


async def test_callback_may_answer_for_a_model_that_failed() -> None:
    root = agent(
        ValueError("down"),
        on_model_error_callback=lambda callback_context, llm_request, error: say(f"sorry: {error}"),
    )

    assert await outcome_of(root, plugins=[RestatePlugin(run_options=THRICE)]) == [
        "sorry: ValueError('down')"
    ]


async def test_limit_of_calls_ends_the_invocation(calls: Path) -> None:
    async def look() -> str:
        """Look."""
        return "nothing"

    outcome = await outcome_of(agent(use(("look", {})), tools=[look]), config=RunConfig(max_llm_calls=3))

    assert outcome[0] == 500
    assert "limit of `3` exceeded" in outcome[1]
    assert len(notes(calls)) == 3


# ---------------------------------------------------------------- tools


def failing(error: BaseException) -> Any:
    async def fail() -> str:
        """Fail."""
        note("tool")
        raise error

    return agent(use(("fail", {})), say("went on"), tools=[fail])


@pytest.mark.parametrize("error", [awaken.TerminalError("no", 418), UsageError("not so")])
async def test_terminal_error_of_a_tool_ends_the_invocation(error: awaken.TerminalError, calls: Path) -> None:
    running = runner(failing(error))
    caught: list[BaseException] = []

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        try:
            return await say_all(running, ctx, message)
        except Exception as raised:
            caught.append(raised)
            raise

    application = Application(handle)
    async with open_environment(application.app, disable_retries=True) as env:
        with pytest.raises(awaken.HttpError, match=error.message) as failed:
            await application.call(env)

    assert failed.value.status_code == error.status_code
    assert caught == [error]
    assert notes(calls) == [["model", "agent", 0, False], ["tool"]]


@pytest.mark.parametrize(
    "error", [ValueError("bad"), RetryableError("later", retry_after=0.001), TimeoutError()]
)
async def test_other_errors_of_a_tool_repeat_it_and_no_model(error: Exception, calls: Path) -> None:
    errors = [error]

    async def fail() -> str:
        """Fail once."""
        note("tool")
        if errors:
            raise errors.pop()
        return "done"

    assert await outcome_of(agent(use(("fail", {})), say("went on"), tools=[fail]), retries=True) == [
        "went on"
    ]
    models, tools = ([each for each in notes(calls) if each[0] == kind] for kind in ("model", "tool"))
    assert (len(models), len(tools)) == (2, 2)


async def test_error_of_one_tool_keeps_later_ones_from_starting(calls: Path) -> None:
    async def work(number: int) -> str:
        """Work."""
        await restate_context().run_typed("work", lambda: note("worked", number))
        if number == 2:
            raise awaken.TerminalError("enough")
        return "done"

    root = agent(use(*[("work", {"number": number}) for number in range(5)]), say("never"), tools=[work])

    assert await outcome_of(root) == (500, "enough")
    assert [each[1] for each in notes(calls) if each[0] == "worked"] == [0, 1, 2]


async def test_arguments_that_are_missing_are_told_to_the_model() -> None:
    async def look(city: str) -> str:
        """Look."""
        return city

    assert await outcome_of(agent(use(("look", {})), say("I forgot"), tools=[look])) == ["I forgot"]


async def test_plugin_that_reports_errors_to_the_model_works() -> None:
    plugins: list[Any] = [RestatePlugin(), ReflectAndRetryToolPlugin(max_retries=2)]

    assert await outcome_of(failing(ValueError("bad")), plugins=plugins) == ["went on"]


@pytest.mark.parametrize("hides_errors", [False, True])
async def test_cancellation_is_not_hidden_by_callbacks(hides_errors: bool, calls: Path) -> None:
    async def approve() -> str:
        """Ask a person."""
        return await restate_context().awakeable(type_hint=str, name="approve")

    options: dict[str, Any] = {}
    if hides_errors:
        options["on_tool_error_callback"] = lambda tool, args, tool_context, error: {"error": str(error)}
    running = runner(agent(use(("approve", {})), say("went on"), tools=[approve], **options))
    application = Application(lambda ctx, message: say_all(running, ctx, message))

    async with open_environment(application.app) as env:
        sent = await application.send(env)
        assert await env.awakeable("approve").id()
        await env.client.cancel(sent)
        with pytest.raises(awaken.HttpError, match="cancelled") as failed:
            await env.client.attach(sent)

    assert failed.value.status_code == 409
    assert len(notes(calls)) == 1


class Thinking(BaseLlm):
    """A model that never answers."""

    model: str = "thinking"

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        note("thinks")
        await asyncio.Event().wait()
        yield say("never")


@pytest.mark.parametrize("hides_errors", [False, True])
async def test_cancellation_while_a_model_thinks_is_not_hidden(hides_errors: bool, calls: Path) -> None:
    root = agent()
    root.model = Thinking()
    if hides_errors:
        root.on_model_error_callback = lambda callback_context, llm_request, error: say("sorry")
    running = runner(root)
    application = Application(lambda ctx, message: say_all(running, ctx, message))

    async with open_environment(application.app) as env:
        sent = await application.send(env)
        while not notes(calls):
            await asyncio.sleep(0.001)
        await env.client.cancel(sent)
        with pytest.raises(awaken.HttpError, match="cancelled") as failed:
            await env.client.attach(sent)

    assert failed.value.status_code == 409


async def test_hidden_cancellation_is_raised_once(calls: Path) -> None:
    async def approve() -> str:
        """Ask a person."""
        return await restate_context().awakeable(type_hint=str, name="approve")

    hiding = agent(
        use(("approve", {})),
        say("never"),
        tools=[approve],
        on_tool_error_callback=lambda tool, args, tool_context, error: {"error": str(error)},
    )

    async def handle(ctx: awaken.ObjectContext, message: str) -> Any:
        try:
            return await say_all(runner(hiding), ctx, message)
        except awaken.TerminalError:
            return await say_all(runner(agent(say("undone"))), ctx, message)

    application = Application(handle)
    async with open_environment(application.app) as env:
        sent = await application.send(env)
        assert await env.awakeable("approve").id()
        await env.client.cancel(sent)

        assert await env.client.attach(sent) == ["undone"]


async def test_suspension_passes_as_it_is_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[BaseException] = []

    async def approve() -> str:
        """Ask a person."""
        try:
            return await restate_context().awakeable(type_hint=str, name="approve")
        except BaseException as error:
            seen.append(error)
            raise

    running = runner(agent(use(("approve", {})), say("went on"), tools=[approve]))
    application = Application(lambda ctx, message: say_all(running, ctx, message))

    with caplog.at_level(logging.WARNING):
        async with open_environment(application.app, always_replay=True) as env:
            sent = await application.send(env)
            await env.awakeable("approve").resolve("yes")
            assert await env.client.attach(sent) == ["went on"]

    assert seen
    assert not any(isinstance(error, Exception) for error in seen)
    assert [record for record in caplog.records if "token usage" not in record.getMessage()] == []
    assert issubclass(SuspendedException, BaseException)


async def test_summary_that_fails_is_left_out(calls: Path) -> None:
    compaction = EventsCompactionConfig(
        compaction_interval=1,
        overlap_size=0,
        summarizer=RestateEventSummarizer.from_llm(
            Scripted(model="summary", turns=[ValueError("down")]), max_retries=2
        ),
    )

    assert await outcome_of(agent(say("fine")), events_compaction_config=compaction) == ["fine"]
    assert [each[1] for each in notes(calls)] == ["agent", "summary", "summary"]
