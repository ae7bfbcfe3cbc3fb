"""No crash changes what an agent does, or repeats a model call whose answer is stored: ours, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from awaken.testing import crash_everywhere
from langchain.agents import create_agent

from tests.e2e.effects import Effects
from tests.unchanged.agents.crashes import CRASHES_LEAVE_WORK
from tests.unchanged.agents.langchain import basics, shapes
from tests.unchanged.agents.langchain.app import app
from tests.unchanged.agents.langchain.scripted import Scripted, asks, call, says
from tests.unchanged.agents.langchain.sdk import RestateMiddleware, restate
from tests.unchanged.agents.langchain.tools import TOOLS

if TYPE_CHECKING:
    from pathlib import Path

    from awaken.testing import Environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90), *CRASHES_LEAVE_WORK]

parallel = restate.Service("Parallel")


@parallel.handler()
async def approvals(ctx: restate.Context, notes: str) -> list[str]:
    calls = [
        call("nap", "c0", ms=1, label="a"),
        *(call("approve", f"c{number}", question=f"{number}?", notes=notes) for number in (1, 2)),
        call("weather", "c3", city="Rome"),
    ]
    model = Scripted(script=[asks(*calls), says("Done.")], notes=notes)
    made = create_agent(model, TOOLS, middleware=[RestateMiddleware(concurrent_tools=True)])
    return basics.texts(await made.ainvoke(basics.question()))


parallel_app = restate.app([parallel])


def fresh(folder: Path) -> Effects:
    """Forget what a round without or with another crash did."""
    (folder / "notes").unlink(missing_ok=True)
    return Effects(folder / "notes")


def count_calls(effects: Effects, calls: int) -> None:
    """Assert that the model answered this often, apart from the one call that a crash may have cut off."""
    counts = [effects.values("model").count(str(number)) for number in range(calls)]
    assert min(counts) == 1
    assert sum(counts) <= calls + 1


@crash_everywhere(app=app, max_positions=12)
async def test_model_is_not_asked_again(env: Environment, tmp_path: Path) -> Any:
    effects = fresh(tmp_path)

    answer = await env.client.service_call(basics.basic, effects.path)

    count_calls(effects, 2)
    return answer


@crash_everywhere(app=app, max_positions=6)
async def test_tools_take_turns(env: Environment, tmp_path: Path) -> Any:
    return await env.client.service_call(basics.naps, fresh(tmp_path).path)


@crash_everywhere(app=app, max_positions=6)
async def test_structured_answers_keep_their_type(env: Environment, tmp_path: Path) -> Any:
    answer = await env.client.service_call(basics.structured, fresh(tmp_path).path)

    assert answer[0][0] == "Forecast(city='Rome', degrees=20.0)"
    return answer


@crash_everywhere(app=app, max_positions=12)
async def test_people_are_asked_once(env: Environment, tmp_path: Path) -> Any:
    effects = fresh(tmp_path)
    sent = await env.client.service_send(basics.approval, effects.path)
    for _ in range(2):
        await env.awakeable().resolve("yes")

    answer = await env.client.attach(sent.invocation_id)

    count_calls(effects, 2)
    return answer


@crash_everywhere(app=parallel_app, max_positions=12)
async def test_concurrent_tools_wait_at_the_same_time(env: Environment, tmp_path: Path) -> Any:
    effects = fresh(tmp_path)
    sent = await env.client.service_send(approvals, effects.path)
    while len(asked := list(dict.fromkeys(effects.values("asked")))) < 2:
        await env.settle()
    for awakeable_id in reversed(asked):
        await env.client.awakeable(awakeable_id).resolve(f"yes {asked.index(awakeable_id)}")

    answer = await env.client.attach(sent.invocation_id)

    count_calls(effects, 2)
    assert answer[3:5] == ["tool: 1?: yes 0", "tool: 2?: yes 1"]
    return answer


@crash_everywhere(app=app, max_positions=6)
async def test_agents_of_agents(env: Environment, tmp_path: Path) -> Any:
    return await env.client.service_call(shapes.delegate, fresh(tmp_path).path)


@crash_everywhere(app=app, max_positions=6, always_replay=True)
async def test_agents_side_by_side(env: Environment, tmp_path: Path) -> Any:
    answers = await env.client.service_call(shapes.crowd, fresh(tmp_path).path)

    assert [answer[-1] for answer in answers] == ["ai: A", "ai: B", "ai: C"]
    return answers


@crash_everywhere(app=app, max_positions=6)
async def test_interrupts_of_the_graph(env: Environment, tmp_path: Path) -> Any:
    effects = fresh(tmp_path)
    sent = await env.client.service_send(shapes.reviewed, effects.path)
    await env.awakeable().resolve([{"type": "reject", "message": "no"}, {"type": "approve"}])

    answer = await env.client.attach(sent.invocation_id)

    count_calls(effects, 2)
    return answer


@crash_everywhere(app=app, max_positions=6)
async def test_graph_without_agent(env: Environment, tmp_path: Path) -> Any:
    effects = fresh(tmp_path)
    sent = await env.client.service_send(shapes.publish, effects.path)
    await env.awakeable().resolve("yes")

    answer = await env.client.attach(sent.invocation_id)

    count_calls(effects, 2)
    return answer
