"""Crashes at every commit of the runtime change nothing that an agent does."""

from __future__ import annotations

import functools
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from awaken.testing import Environment, crash_everywhere, open_environment

from tests.e2e.effects import Effects
from tests.unchanged.agents.crashes import CRASHES_LEAVE_WORK
from tests.unchanged.agents.pydantic import shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = CRASHES_LEAVE_WORK

ANSWERS: dict[Any, Any] = {
    shapes.basic: "look Zürich",
    shapes.streaming: "look Zürich ",
    shapes.parallel: "letter a,letter a | letter b,letter b | letter c,letter c",
    shapes.wrapped: "{'n': 0} | {'n': 1} | {'n': 2}",
    shapes.several: "remote advice | local advice",
    shapes.structured: {"name": "Bern", "people": 134_000, "requests": 2},
    shapes.failing: "418 closed",
}
#: Requests to the model of each handler.
REQUESTS: dict[Any, int] = dict.fromkeys(ANSWERS, 2) | {shapes.several: 4, shapes.failing: 1}


@pytest.fixture
def effects() -> Iterator[Effects]:
    with TemporaryDirectory() as directory:
        yield Effects(Path(directory) / "effects")


@pytest.mark.parametrize("handler", ANSWERS, ids=lambda handler: handler.__name__)
async def test_each_request_reaches_the_model_once_although_every_wait_replays(
    handler: Any, effects: Effects
) -> None:
    async with open_environment(shapes.app, always_replay=True) as env:
        assert await env.client.service_call(handler, effects.path) == ANSWERS[handler]
    assert len(effects.values("model")) == REQUESTS[handler]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("handler", ANSWERS, ids=lambda handler: handler.__name__)
async def test_no_crash_changes_the_answer_of_an_agent(handler: Any, effects: Effects) -> None:
    @crash_everywhere(app=shapes.app, max_positions=8)
    async def scenario(env: Environment) -> Any:
        return await env.client.service_call(handler, effects.path)

    await scenario()


@pytest.mark.timeout(120)
async def test_no_crash_changes_the_decision_of_a_person(effects: Effects) -> None:
    @crash_everywhere(app=shapes.app)
    async def scenario(env: Environment) -> Any:
        sent = await env.client.service_send(shapes.human, effects.path)
        await env.awakeable().resolve("yes")
        return await env.client.attach(sent.invocation_id)

    await scenario()


@pytest.mark.timeout(120)
async def test_no_crash_changes_a_conversation_in_an_object(effects: Effects) -> None:
    @crash_everywhere(app=shapes.app, max_positions=12, always_replay=True)
    async def scenario(env: Environment) -> Any:
        say = functools.partial(env.client.object_call, shapes.say, "key", effects.path)
        return [await say(), await say()]

    await scenario()
