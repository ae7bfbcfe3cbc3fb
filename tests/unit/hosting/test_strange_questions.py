"""Questions as any endpoint may describe them: journals of others have whatever they wrote."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import awaken
import pytest
import pytest_asyncio
from awaken import _core
from awaken.approvals import ApprovalFacts, Via
from awaken.context.futures import RestateDurableSleepFuture
from awaken.control.answering import Answerer, answer_question
from awaken.control.history import list_answers
from awaken.control.operations import Failure
from awaken.control.question_documents import find_documents
from awaken.control.questions import QuestionState, find_question
from awaken.control.remote import connect_runtime
from awaken.hosting.runtime_server import RuntimeServer
from awaken.links.description import CallbackDescription, describe_callback
from awaken.outcomes import LAST_AWAKEABLE, AwakeableOutcome
from awaken.serde import BytesSerde
from awaken.testing import Environment, open_environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from awaken.control.operations import Operations

ANYWHERE = ("127.0.0.1", 0)
FAR_MS = 4_000_000_000_000
AS_IT_IS: awaken.RunOptions[bytes] = awaken.RunOptions(serde=BytesSerde())

strange = awaken.Service("Strange")
#: Names of timers, and values of runs by their names, that the handler writes.
timers: list[str] = []
documents: list[tuple[str, str]] = []


@strange.handler()
async def ask(ctx: awaken.Context) -> Any:
    awakeables = [ctx.awakeable() for _ in range(3)]
    for name in timers:
        handle, _ = ctx._driver.issue("ask").timer(FAR_MS, name)
        RestateDurableSleepFuture(ctx._driver, handle, None, "timer")
    for name, value in documents:
        await ctx.run_typed(name, value.encode, AS_IT_IS)
    return [await one for one in awakeables]


class Asked:
    """A question, and the two kinds of operations by which to see it."""

    def __init__(self, environment: Environment, doors: list[Operations]) -> None:
        self.environment = environment
        self.doors = doors

    async def begin(self) -> list[str]:
        """Return the ids of the awakeables."""
        sent = await self.environment.client.service_send(ask, None)
        await self.environment.settle()
        raw = _core.parse_invocation_id(sent.invocation_id)
        return [_core.format_awakeable_id(raw, index) for index in (17, 18, 19)]

    def by(self, person: str | None) -> Answerer:
        return Answerer(person, (), Via.INBOX, self.environment.now_ms)


@pytest_asyncio.fixture
async def asked() -> AsyncIterator[Asked]:
    timers.clear()
    documents.clear()
    async with AsyncExitStack() as stack:
        environment = await stack.enter_async_context(open_environment(awaken.app([strange])))
        embedded = environment.embedded
        server = RuntimeServer(embedded.ingress, embedded.admin, ingress_bind=ANYWHERE, admin_bind=ANYWHERE)
        await server.open()
        stack.push_async_callback(server.close, 0)
        remote = connect_runtime(server.ingress_url, server.admin_url)
        stack.push_async_callback(remote.close)
        yield Asked(environment, [embedded.runtime, remote])


def describe(index: int, slots: int | None = None, *, has_document: bool = False, **facts: Any) -> str:
    approval = None if slots is None else ApprovalFacts(slots, **facts)
    return describe_callback(
        CallbackDescription(index, "<b>pay</b>\u202e", "", {}, False, has_document, approval)
    )


async def test_callback_within_the_range_of_an_approval_stays_a_callback(asked: Asked) -> None:
    timers[:] = [describe(17, 1000, quorum=2), describe(18)]
    first, inside, behind = await asked.begin()

    for operations in asked.doors:
        assert (await find_question(operations, inside)).approval is None
        assert (await find_question(operations, behind)).id == first
        assert (await operations.answer_rules(inside)).approval is None
        assert (await operations.answer_rules(behind)).approval is not None
        page = await operations.awakeables()
        assert [one.question_id for one in page.awakeables] == [first]
    told = await answer_question(asked.doors[0], inside, b"1", asked.by("ann"))
    assert told.outcome is AwakeableOutcome.APPLIED


async def test_value_between_the_slots_does_not_hide_the_next_one(asked: Asked) -> None:
    timers[:] = [describe(17, 3, quorum=2, verdict_field="$")]
    first, second, _ = await asked.begin()
    runtime, remote = asked.doors

    await runtime.resolve_awakeable(second, b"true")
    before = await find_question(remote, first)
    one = await answer_question(remote, first, b"true", asked.by("ann"))
    two = await answer_question(runtime, first, b"true", asked.by("bob"))
    after = await find_question(runtime, first)

    assert (before.open_id, before.tally.approvals, len(before.answers)) == (first, 0, 1)
    assert (one.outcome, one.is_decided, two.outcome) == (AwakeableOutcome.APPLIED, True, None)
    assert (after.state, [each.by for each in after.tally.counted]) == (QuestionState.DECIDED, ["ann", None])


async def test_approval_without_room_says_so(asked: Asked) -> None:
    timers[:] = [describe(17, 1, quorum=2, verdict_field="$")]
    (first, *_) = await asked.begin()

    one = await answer_question(asked.doors[0], first, b"true", asked.by("ann"))
    two = await answer_question(asked.doors[1], first, b"true", asked.by("bob"))

    assert (one.missing, two.outcome) == (1, AwakeableOutcome.ALREADY_COMPLETED)


async def test_slots_beyond_the_last_awakeable_are_no_ids(asked: Asked) -> None:
    timers[:] = [describe(LAST_AWAKEABLE, 1000), describe(17, 1000)]
    (first, *_) = await asked.begin()

    for operations in asked.doors:
        question = await find_question(operations, first)
        assert (question.id, question.open_id) == (first, first)


@pytest.mark.parametrize(
    "value",
    [
        "[]",
        "{",
        "null",
        '{"title":3}',
        '{"schema":[]}',
        "[" * 100_000,
        json.dumps({"details": "x" * 300_000}),
        "\ud800".encode("utf-8", "surrogatepass").decode("latin1"),
    ],
    ids=range(8),
)
async def test_document_that_is_none_hides_no_question(asked: Asked, value: str) -> None:
    timers[:] = [describe(17, 3, has_document=True)]
    documents[:] = [("question 17", value), ("question x", "{}"), ("question 17", '{"title":"later"}')]
    (first, *_) = await asked.begin()

    for operations in asked.doors:
        question = await find_question(operations, first)
        (found,) = (await find_documents(operations, (await operations.awakeables()).awakeables)).values()
        assert (question.document, question.name, found.document) == (None, "<b>pay</b>\u202e", None)
    await answer_question(asked.doors[0], first, Failure(500, "no"), asked.by("ann"))
    (past,) = (await list_answers(asked.doors[1])).answers
    assert (past.title, past.is_yes) == ("<b>pay</b>\u202e", False)
