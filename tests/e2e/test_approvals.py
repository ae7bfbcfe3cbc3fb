"""Answers to approvals through the doors of a runtime: in order, at once, late, by those who may not."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from awaken.approvals import Answered, ApprovalDocument, ApprovalFacts, Refusal, Via
from awaken.control.answering import Answerer, answer_question
from awaken.control.answers import InvalidAnswerError
from awaken.control.history import list_answers
from awaken.control.operations import Failure
from awaken.control.question_documents import find_documents
from awaken.control.questions import QuestionState, find_question
from awaken.control.remote import connect_runtime
from awaken.outcomes import AwakeableOutcome

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.control.remote import RemoteOperations

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

DOCUMENT: dict[str, Any] = {
    "title": "Pay invoice 4711?",
    "details": "**ACME** sent it.",
    "data": {"amount": "1200.00"},
}


@asynccontextmanager
async def door(lane: Lane) -> AsyncIterator[RemoteOperations]:
    runtime = connect_runtime(lane.runtime.ingress_url, lane.runtime.admin_url)
    yield runtime
    await runtime.close()


def ask(lane: Lane, effects: Effects, facts: ApprovalFacts, **given: Any) -> tuple[str, str]:
    """Return the invocation, and the id of the approval's first slot."""
    invocation = lane.client.send("Asking/ask", {"effects": effects.path, "facts": facts.write(), **given})
    awakeable_id = effects.wait_for_one("asked")
    lane.client.wait_for_status(invocation, lane.waiting)
    # It can tell of its id before the runtime has stored what describes it.
    eventually(lambda: lane.client.journal(invocation), lambda types: "Command: Sleep" in types, what="timer")
    return invocation, awakeable_id


def by(person: str | None, *groups: str, via: Via = Via.INBOX) -> Answerer:
    return Answerer(person, groups, via, time.time_ns() // 1_000_000)


async def test_question_is_read_whole(lane: Lane, effects: Effects) -> None:
    facts = ApprovalFacts(5, quorum=2, approvers=("ann", "bob", "group:finance"), verdict_field="approved")
    invocation, first = ask(lane, effects, facts, document=DOCUMENT)

    async with door(lane) as runtime:
        question = await find_question(runtime, first)
        answered = await answer_question(runtime, first, b'{"approved":true}', by("ann"))
        after = await find_question(runtime, first)

    assert (question.id, question.invocation_id) == (first, invocation)
    assert (question.target.service, question.state) == ("Asking", QuestionState.PENDING)
    assert (question.title, question.name, question.labels) == ("Pay invoice 4711?", "Pay?", {"team": "red"})
    assert question.document == ApprovalDocument(**DOCUMENT)
    assert question.approval == facts
    assert (question.answers, question.missing, question.open_id) == ((), 2, first)
    assert (answered.outcome, answered.is_decided, answered.missing) == (AwakeableOutcome.APPLIED, False, 1)
    (answer,) = after.answers
    assert (answer.answer, answer.by, answer.via) == (b'{"approved":true}', "ann", Via.INBOX)
    assert (after.id, after.missing, after.state) == (first, 1, QuestionState.PENDING)
    assert after.open_id != first
    again = after.open_id or ""
    async with door(lane) as runtime:
        assert (await find_question(runtime, again)).id == first, "any slot leads to the question"
    lane.client.kill(invocation)


async def test_quorum_decides_and_others_learn_by_whom(lane: Lane, effects: Effects) -> None:
    facts = ApprovalFacts(5, quorum=2, approvers=("ann", "bob", "carl"), not_by=("carl",), verdict_field="$")
    invocation, first = ask(lane, effects, facts)

    async with door(lane) as runtime:
        refused = [
            (await answer_question(runtime, first, b"true", by(person))).refusal for person in ("zoe", "carl")
        ]
        one = await answer_question(runtime, first, b"true", by("ann"))
        twice = await answer_question(runtime, first, b"true", by("Ann"))
        two = await answer_question(runtime, first, b"true", by("bob", via=Via.LINK))
        late = await answer_question(runtime, first, b"false", by("ann"))
        lane.client.attach(invocation)
        after = await answer_question(runtime, first, b"false", by("zoe"))
        question = await find_question(runtime, first)

    assert refused == [Refusal.NOT_ASKED, Refusal.EXCLUDED]
    assert (one.missing, twice.refusal, two.is_decided, two.is_approved) == (1, Refusal.TWICE, True, True)
    for told in (late, after):
        assert told.refusal is Refusal.DECIDED
        assert told.first is not None
        assert (told.first.by, told.first.via) == ("bob", Via.LINK)
    assert lane.client.attach(invocation) == {"decided": True, "by": ["ann", "bob"]}
    assert (question.state, len(question.answers)) == (QuestionState.DECIDED, 2)


async def test_of_two_answers_at_once_one_counts(lane: Lane, effects: Effects) -> None:
    invocation, first = ask(lane, effects, ApprovalFacts(3, approvers=("ann", "bob"), verdict_field="$"))

    async with door(lane) as here, door(lane) as there:
        outcomes = await asyncio.gather(
            answer_question(here, first, b"true", by("ann")),
            answer_question(there, first, b"false", by("bob")),
        )

    (applied,) = [one for one in outcomes if one.is_applied]
    (other,) = [one for one in outcomes if not one.is_applied]
    assert applied.is_decided
    assert (other.refusal, other.first) == (Refusal.DECIDED, applied.first)
    assert applied.first is not None
    assert lane.client.attach(invocation)["by"] == [applied.first.by]


async def test_same_person_in_two_tabs_counts_once(lane: Lane, effects: Effects) -> None:
    invocation, first = ask(lane, effects, ApprovalFacts(5, quorum=2, verdict_field="$"))

    async with door(lane) as here, door(lane) as there:
        outcomes = await asyncio.gather(
            *(answer_question(tab, first, b"true", by("ann")) for tab in (here, there, here, there))
        )
        question = await find_question(here, first)

    assert sorted(one.refusal is Refusal.TWICE for one in outcomes) == [False, True, True, True]
    assert question.tally.approvals == 1
    lane.client.kill(invocation)


async def test_twenty_at_once_fill_a_quorum_of_five(lane: Lane, effects: Effects) -> None:
    invocation, first = ask(lane, effects, ApprovalFacts(8, quorum=5, verdict_field="$"))

    async with door(lane) as here, door(lane) as there:
        outcomes = await asyncio.gather(
            *(
                answer_question((here, there)[number % 2], first, b"true", by(f"person {number}"))
                for number in range(20)
            )
        )

    applied = [one for one in outcomes if one.is_applied]
    refused = [one for one in outcomes if not one.is_applied]
    assert sorted(one.missing for one in applied) == [0, 1, 2, 3, 4]
    assert {one.refusal for one in refused} == {Refusal.DECIDED}
    decisive = {one.first.by for one in refused if one.first}
    assert len(decisive) == 1
    result = lane.client.attach(invocation)
    assert (result["decided"], len(result["by"]), result["by"][-1]) == (True, 5, *decisive)


async def test_rejection_tells_who_and_why(lane: Lane, effects: Effects) -> None:
    invocation, first = ask(lane, effects, ApprovalFacts(3, verdict_field="$"))

    async with door(lane) as runtime:
        outcome = await answer_question(runtime, first, Failure(500, "no budget"), by("ann"))
        question = await find_question(runtime, first)

    assert (outcome.is_applied, outcome.is_approved) == (True, False)
    assert question.first is not None
    assert (question.first.by, question.first.rejection) == ("ann", "no budget")
    assert lane.client.attach(invocation) == {"decided": False, "by": ["ann"]}


async def test_answers_of_the_raw_interface_count_between_others(lane: Lane, effects: Effects) -> None:
    invocation, first = ask(lane, effects, ApprovalFacts(6, quorum=3, verdict_field="$"))

    async with door(lane) as runtime:
        lane.client.resolve(first, b"true")
        await asyncio.sleep(0.3)
        one = await answer_question(runtime, first, b"true", by("ann"))
        open_id = (await find_question(runtime, first)).open_id
        assert open_id is not None
        lane.client.resolve(open_id, b"true")  # by somebody unknown, again
        await asyncio.sleep(0.3)
        two = await answer_question(runtime, first, b"true", by("bob"))
        question = await find_question(runtime, first)

    assert (one.missing, two.is_decided) == (1, True)
    # The embedded runtime refuses the second one by somebody unknown, a server takes it.
    assert [answer.by for answer in question.answers if answer.by] == ["ann", "bob"]
    assert [answer.by for answer in question.tally.counted] == [None, "ann", "bob"]
    assert lane.client.attach(invocation) == {"decided": True, "by": [None, "ann", "bob"]}


@pytest.mark.lanes("h2-v7-suspending")
async def test_command_line_answers_and_is_told_who_was_first(lane: Lane, effects: Effects) -> None:
    invocation, first = ask(lane, effects, ApprovalFacts(5, quorum=2, verdict_field="$"))
    urls = ("--ingress", lane.runtime.ingress_url, "--admin", lane.runtime.admin_url)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "awaken.cli", *arguments], capture_output=True, text=True, check=False
        )

    listed = json.loads(run("awakeables", "list", "--json-output", *urls[2:]).stdout)
    one = run("resolve", first, "--json", "true", *urls)
    async with door(lane) as runtime:
        await answer_question(runtime, first, b"true", by("ann"))
    lane.client.attach(invocation)
    shown = run("awakeables", "show", first, *urls[2:])
    facts = json.loads(run("awakeables", "show", first, "--json-output", *urls[2:]).stdout)
    late = run("reject", first, "no", *urls)

    (row,) = [row for row in listed if row["invocation"] == invocation]
    assert (row["question"], row["quorum"], row["answers"]) == (first, 2, 0)
    assert "1 more approval is missing" in one.stdout
    assert "somebody unknown approved at" in shown.stdout
    assert (facts["state"], facts["approved"], facts["answers"]) == ("decided", True, 2)
    assert [answer["by"] for answer in facts["answered"]] == [None, "ann"]
    assert late.returncode != 0
    assert "This is decided already, by ann" in late.stderr


async def test_value_of_another_type_decides_nothing(lane: Lane, effects: Effects) -> None:
    """The ingress of a Restate server takes any value."""
    slots = ApprovalFacts(3, verdict_field="$")
    invocation, first = ask(lane, effects, slots, type="bool")

    async with door(lane) as runtime:
        lane.client.resolve(first, b'"yes"')
        await asyncio.sleep(0.3)
        question = await find_question(runtime, first)
        told = await answer_question(runtime, first, b"true", by("ann"))

    assert (question.state, question.missing) == (QuestionState.PENDING, 1)
    assert (told.outcome, told.is_decided) == (AwakeableOutcome.APPLIED, True)
    assert lane.client.attach(invocation) == {"decided": True, "by": ["ann"]}


async def test_answer_of_another_type_changes_nothing(lane: Lane, effects: Effects) -> None:
    invocation, first = ask(lane, effects, ApprovalFacts(3, verdict_field="$"), type="bool")

    async with door(lane) as runtime:
        for wrong in (b'"yes"', b"{", b""):
            with pytest.raises(InvalidAnswerError):
                await answer_question(runtime, first, wrong, by("ann"))
        assert (await find_question(runtime, first)).answers == ()
    lane.client.kill(invocation)


async def test_expired_approval_takes_no_answer(lane: Lane, effects: Effects) -> None:
    facts = ApprovalFacts(3, verdict_field="$")
    invocation = lane.client.send(
        "Asking/ask", {"effects": effects.path, "facts": facts.write(), "expires_in": 0.5}
    )
    first = effects.wait_for_one("asked")
    assert lane.client.attach(invocation) == {"decided": "expired", "answers": 0}

    async with door(lane) as runtime:
        outcome = await answer_question(runtime, first, b"true", by("ann"))
        question = await find_question(runtime, first)

    assert outcome.outcome is AwakeableOutcome.GONE
    assert (question.state, question.open_id) == (QuestionState.EXPIRED, None)


async def test_ended_invocation_takes_no_answer(lane: Lane, effects: Effects) -> None:
    invocation, first = ask(lane, effects, ApprovalFacts(3, verdict_field="$"))
    lane.client.kill(invocation)
    lane.client.wait_for_status(invocation, ("completed",))

    async with door(lane) as runtime:
        outcome = await answer_question(runtime, first, b"true", by("ann"))
        question = await find_question(runtime, first)

    assert outcome.outcome is AwakeableOutcome.GONE
    assert question.state is QuestionState.INVOCATION_OVER


async def test_plain_awakeable_tells_what_came_first(lane: Lane, effects: Effects) -> None:
    invocation = lane.client.send("Asking/wait_plainly", {"effects": effects.path})
    awakeable_id = effects.wait_for_one("asked")
    lane.client.wait_for_status(invocation, lane.waiting)

    async with door(lane) as runtime:
        before = await find_question(runtime, awakeable_id)
        one = await answer_question(runtime, awakeable_id, b'"one"', by("ann"))
        two = await answer_question(runtime, awakeable_id, b'"two"', by("bob"))

    assert (before.state, before.title, before.is_callback) == (QuestionState.PENDING, "awakeable 17", False)
    assert (one.outcome, two.outcome) == (AwakeableOutcome.APPLIED, AwakeableOutcome.ALREADY_COMPLETED)
    assert two.first is not None
    assert (two.first.answer, two.first.by) == (b'"one"', None)
    assert lane.client.attach(invocation) == "one"


@pytest.mark.lanes("h2-v7-suspending")
async def test_approval_is_one_row_of_the_list(lane: Lane, effects: Effects) -> None:
    facts = ApprovalFacts(5, quorum=2, approvers=("ann", "bob"), verdict_field="$")
    invocation, first = ask(lane, effects, facts, document=DOCUMENT)

    async with door(lane) as runtime:
        await answer_question(runtime, first, b"true", by("ann"))
        page = await runtime.awakeables(invocation_id=invocation)
        for _ in range(100):
            if page.awakeables and page.awakeables[0].answer_count:
                break
            await asyncio.sleep(0.05)
            page = await runtime.awakeables(invocation_id=invocation)
        documents = await find_documents(runtime, page.awakeables)
        counts = [await runtime.count_awakeables(most) for most in (1, 1000)]
        question = await find_question(runtime, first)

    (found,) = page.awakeables
    assert (found.question_id, found.awakeable_id) == (first, question.open_id)
    assert (found.approval, found.answer_count, found.has_document) == (facts, 1, True)
    assert (found.since_ms, found.expires_at_ms) == (question.since_ms, question.expires_at_ms)
    assert documents[first].document == ApprovalDocument(**DOCUMENT)
    assert counts[0] == 1 <= counts[1]
    lane.client.kill(invocation)


@pytest.mark.lanes("h2-v7-suspending")
async def test_killed_runtime_and_endpoint_lose_no_answer(private_lane: Lane, effects: Effects) -> None:
    lane = private_lane
    invocation, first = ask(lane, effects, ApprovalFacts(8, quorum=3, verdict_field="$"))

    async with door(lane) as runtime:
        lane.endpoint.kill()
        for person in ("ann", "bob"):
            assert (await answer_question(runtime, first, b"true", by(person))).is_applied
    lane.runtime.kill()
    lane.runtime.start()
    async with door(lane) as runtime:
        question = await find_question(runtime, first)
        twice = await answer_question(runtime, first, b"true", by("ann"))
        last = await answer_question(runtime, first, b"true", by("carl"))
    lane.endpoint.start()

    assert [one.by for one in question.answers] == ["ann", "bob"]
    assert (twice.refusal, last.is_decided) == (Refusal.TWICE, True)
    assert lane.client.attach(invocation) == {"decided": True, "by": ["ann", "bob", "carl"]}


async def test_history_tells_who_answered_what(lane: Lane, effects: Effects) -> None:
    facts = ApprovalFacts(5, quorum=2, approvers=("ann", "bob"), verdict_field="$")
    invocation, first = ask(lane, effects, facts, document=DOCUMENT)
    plain = lane.client.send("Asking/wait_plainly", {"effects": effects.path})
    awakeable_id = effects.wait_for("asked", 2)[1]
    lane.client.wait_for_status(plain, lane.waiting)

    async with door(lane) as runtime:
        await answer_question(runtime, first, b"true", by("ann", via=Via.LINK))
        await answer_question(runtime, first, b"true", by("bob"))
        await answer_question(runtime, awakeable_id, b'"one"', by("carl"))
        await asyncio.sleep(0.1)
        await answer_question(runtime, first, Failure(500, "too late"), by("ann"))
        pages = [await list_answers(runtime, 2, service="Asking")]
        pages.append(await list_answers(runtime, 2, pages[0].next, service="Asking"))
        elsewhere = await list_answers(runtime, 2, service="Nobody")

    (last, bob), (ann, *_) = pages[0].answers, pages[1].answers
    assert (last.title, last.question_id, last.is_callback) == ("awakeable 17", awakeable_id, False)
    assert last.answered == Answered(b'"one"')
    assert (bob.title, bob.question_id, bob.invocation_id) == ("Pay invoice 4711?", first, invocation)
    assert bob.answered is not None
    assert (bob.answered.by, bob.answered.via, bob.is_yes) == ("bob", Via.INBOX, True)
    assert ann.answered is not None
    assert (ann.answered.by, ann.answered.via, ann.question_id) == ("ann", Via.LINK, first)
    assert bob.target is not None
    assert (bob.target.service, elsewhere.answers, elsewhere.next) == ("Asking", (), None)
