"""Approvals of handlers on a runtime: asked, reminded, escalated, answered by several, through kills and deploys."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from awaken.approvals import Refusal, Via
from awaken.control.answering import Answerer, AnswerOutcome, answer_question
from awaken.control.operations import Failure
from awaken.control.questions import find_question
from awaken.control.remote import connect_runtime

from tests.e2e.services.callbacks import SETTINGS
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from awaken.control.remote import RemoteOperations

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

YES = b'{"approved":true,"comment":"fine"}'
NO = b'{"approved":false,"comment":"no"}'


@asynccontextmanager
async def door(lane: Lane) -> AsyncIterator[RemoteOperations]:
    runtime = connect_runtime(lane.runtime.ingress_url, lane.runtime.admin_url)
    yield runtime
    await runtime.close()


def ask(lane: Lane, effects: Effects, **given: Any) -> tuple[str, str]:
    """Return an invocation that asks, and the id of its approval, once everybody was asked."""
    invocation = lane.client.send("Approving/decide", {"effects": effects.path, **given})
    return invocation, first_slot(effects)


def first_slot(effects: Effects) -> str:
    token = effects.wait_for_one("ask").rpartition("/")[2]
    return SETTINGS.signer.verify(token).awakeable_id


async def answer(
    runtime: RemoteOperations,
    awakeable_id: str,
    person: str | None,
    result: bytes | Failure = YES,
    *groups: str,
) -> AnswerOutcome:
    who = Answerer(person, groups, Via.LINK, time.time_ns() // 1_000_000)
    return await answer_question(runtime, awakeable_id, result, who)


async def asked(lane: Lane, effects: Effects, count: int, invocation: str) -> None:
    """Wait until as many people were asked, and the handler waits."""
    await asyncio.to_thread(effects.wait_for, "ask", count)
    await asyncio.to_thread(lane.client.wait_for_status, invocation, lane.waiting)


@pytest.mark.lanes("h2-v6", "h2-v7-suspending", "h1-v6")
async def test_one_of_several_people_decides(lane: Lane, effects: Effects) -> None:
    invocation, approval = ask(lane, effects, approvers=["ann", "bob", "group:finance"])
    await asked(lane, effects, 3, invocation)

    async with door(lane) as runtime:
        refused = await answer(runtime, approval, "stranger")
        applied = await answer(runtime, approval, "Eve", YES, "finance")
        late = await answer(runtime, approval, "ann", NO)

    assert (refused.refusal, applied.refusal, late.refusal) == (Refusal.NOT_ASKED, None, Refusal.DECIDED)
    assert late.first is not None
    assert late.first.by == "Eve"
    result = lane.client.attach(invocation)
    assert result == {
        "approved": True,
        "comment": "fine",
        "by": "Eve",
        "via": "link",
        "has_time": True,
        "answers": ["Eve"],
    }
    people = [value.partition(" ")[0] for value in effects.values("ask")]
    assert sorted(people) == ["ann", "bob", "group:finance"]
    assert len(effects.values("decided")) == 3
    persons = {SETTINGS.signer.verify(value.rpartition("/")[2]).person for value in effects.values("ask")}
    assert persons == {"ann", "bob", "group:finance"}


async def test_two_answers_at_once_are_both_there_or_one_is_told(lane: Lane, effects: Effects) -> None:
    invocation, approval = ask(lane, effects, approvers=["ann", "bob"])
    await asked(lane, effects, 2, invocation)

    async with door(lane) as one, door(lane) as other:
        outcomes = await asyncio.gather(answer(one, approval, "ann", YES), answer(other, approval, "bob", NO))

    result = lane.client.attach(invocation)
    applied = [outcome for outcome in outcomes if outcome.is_applied and outcome.refusal is None]
    assert len(result["answers"]) == 1
    assert result["by"] in ("ann", "bob")
    assert len(applied) == 1
    refused = next(outcome for outcome in outcomes if outcome is not applied[0])
    assert refused.first is not None
    assert refused.first.by == result["by"]


async def test_rejection_reaches_the_handler(lane: Lane, effects: Effects) -> None:
    invocation, approval = ask(lane, effects, approvers=["ann", "bob"], quorum=2)
    await asked(lane, effects, 2, invocation)

    async with door(lane) as runtime:
        await answer(runtime, approval, "ann")
        await answer(runtime, approval, "bob", Failure(500, "too much"))

    result = lane.client.attach(invocation)
    assert (result["approved"], result["comment"], result["answers"]) == (False, "too much", ["ann", "bob"])


@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_time_reminds_and_escalates(lane: Lane, effects: Effects) -> None:
    invocation, approval = ask(
        lane, effects, approvers=["ann", "bob"], quorum=2, remind=[8], escalate={"8.5": ["boss"]}
    )
    await asked(lane, effects, 2, invocation)

    async with door(lane) as runtime:
        early = await answer(runtime, approval, "boss")
        await answer(runtime, approval, "ann")
        await asyncio.to_thread(effects.wait_for, "escalate")
        await answer(runtime, approval, "boss")

    result = lane.client.attach(invocation)
    assert early.refusal is Refusal.NOT_YET
    assert (result["approved"], result["answers"]) == (True, ["ann", "boss"])
    reminded = [value.partition(" ")[0] for value in effects.values("remind")]
    assert reminded == ["bob"]
    assert [value.partition(" ")[0] for value in effects.values("escalate")] == ["boss"]


async def test_nobody_answers_in_time(lane: Lane, effects: Effects) -> None:
    invocation, approval = ask(lane, effects, approvers=["ann"], expires_in=1.5)

    result = lane.client.attach(invocation)

    assert (result["approved"], result["comment"], result["via"]) == (False, "too late", "expiry")
    async with door(lane) as runtime:
        late = await answer(runtime, approval, "ann")
    assert not late.is_applied


@pytest.mark.slow
@pytest.mark.timeout(150)
@pytest.mark.lanes("h2-v7-suspending")
async def test_sixty_of_a_hundred_people(lane: Lane, effects: Effects) -> None:
    people = [f"p{number}@example.com" for number in range(100)]
    invocation, approval = ask(lane, effects, approvers=people, quorum=60)
    await eventually_in_a_minute(lambda: len(asked_people(effects)) == 100)

    async with door(lane) as runtime:
        outcomes = await asyncio.gather(*(answer(runtime, approval, person) for person in people[:70]))
    await eventually_in_a_minute(lambda: lane.client.is_completed(invocation))

    result = lane.client.attach(invocation)
    assert sum(outcome.is_applied for outcome in outcomes) == 60
    assert [outcome.refusal for outcome in outcomes].count(Refusal.DECIDED) == 10
    assert (result["approved"], len(set(result["answers"]))) == (True, 60)
    assert len(effects.values("decided")) == 100


@pytest.mark.parametrize(
    "value", [{"approved": "perhaps"}, {"approved": True, "comment": 7}, [True]], ids=str
)
async def test_raw_values_on_the_way_do_not_end_it(lane: Lane, effects: Effects, value: object) -> None:
    """The ingress of a Restate server takes any value; that of the embedded runtime checks it."""
    invocation, approval = ask(lane, effects, approvers=["ann"])
    await asked(lane, effects, 1, invocation)
    lane.client.ingress.post(f"/restate/awakeables/{approval}/resolve", json=value)

    async with door(lane) as runtime:
        outcome = await answer(runtime, approval, "ann")

    assert outcome.is_applied
    assert lane.client.attach(invocation)["by"] == "ann"


@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_killed_endpoint_asks_nobody_twice_who_was_asked(
    private_lane: Lane, effects: Effects, tmp_path: Path
) -> None:
    """A plain function gets one message after the other: the one on its way at a kill may come again, no other."""
    lane = private_lane
    people = [f"p{number:02}" for number in range(25)]
    hold = tmp_path / "hold"
    hold.mkdir()
    (hold / "p14").touch()
    given = {"effects": effects.path, "approvers": people, "quorum": 2, "hold": str(hold)}
    invocation = lane.client.send("Approving/decide", given)
    await asyncio.to_thread(effects.wait_for, "ask", 14)
    lane.endpoint.kill()
    (hold / "p14").unlink()
    lane.endpoint.start()
    approval = first_slot(effects)
    await asyncio.to_thread(
        eventually, lambda: asked_people(effects), lambda found: set(found) == set(people)
    )
    lane.endpoint.kill()
    lane.endpoint.start()

    async with door(lane) as runtime:
        await answer(runtime, approval, "p03")
        lane.endpoint.kill()
        await answer(runtime, approval, "p04")
        lane.endpoint.start()

    result = lane.client.attach(invocation)
    assert (result["approved"], result["answers"]) == (True, ["p03", "p04"])
    twice = [person for person in people if asked_people(effects).count(person) > 1]
    assert twice in ([], ["p14"], ["p24"])


async def eventually_in_a_minute(probe: Callable[[], bool]) -> None:
    """Wait for what takes a second, and much longer where every core is busy."""
    await asyncio.to_thread(eventually, probe, within=60)


def asked_people(effects: Effects) -> list[str]:
    return [value.partition(" ")[0] for value in effects.values("ask")]


@pytest.mark.slow
@pytest.mark.timeout(90)
@pytest.mark.lanes("h2-v7-suspending")
async def test_deploy_with_another_list_changes_nothing(
    private_lane: Lane, effects: Effects, tmp_path: Path
) -> None:
    lane = private_lane
    people = tmp_path / "people.json"
    people.write_text(json.dumps(["ann", "bob"]))
    invocation, approval = ask(lane, effects, approvers=str(people), remind=[8])
    await asked(lane, effects, 2, invocation)

    lane.endpoint.kill()
    people.write_text(json.dumps(["new"]))
    lane.endpoint.start()
    await asyncio.to_thread(effects.wait_for, "remind", 2)
    async with door(lane) as runtime:
        refused = await answer(runtime, approval, "new")
        applied = await answer(runtime, approval, "bob")

    assert (refused.refusal, applied.refusal) == (Refusal.NOT_ASKED, None)
    assert lane.client.attach(invocation)["by"] == "bob"
    assert {value.partition(" ")[0] for value in effects.values("remind")} == {"ann", "bob"}
    assert sorted(asked_people(effects)) == ["ann", "bob"]


@pytest.mark.slow
@pytest.mark.timeout(90)
@pytest.mark.lanes("h2-v7-suspending")
async def test_everything_as_long_as_allowed(lane: Lane, effects: Effects) -> None:
    people = [f"p{number:03}.{'x' * 70}@example.com" for number in range(42)]
    question = "\u00fc\U0001f600<b>" * 40
    invocation, approval = ask(
        lane, effects, question=question, approvers=people, details="*" * 60_000, label="y" * 1900
    )
    long_answer = {"approved": True, "comment": "z" * 900_000}
    await asked(lane, effects, len(people), invocation)

    async with door(lane) as runtime:
        found = await find_question(runtime, approval)
        outcome = await answer(runtime, approval, people[-1], json.dumps(long_answer).encode())

    assert (found.name, found.labels["team"], found.approval is not None) == (question, "y" * 1900, True)
    assert found.document is not None
    assert len(found.document.details) == 60_000
    assert outcome.is_applied
    result = lane.client.attach(invocation)
    assert (result["by"], len(result["comment"])) == (people[-1], 900_000)
