"""Approvals of the embedded runtime by each of its interfaces, with and without a journal value codec."""

from __future__ import annotations

import asyncio
import base64
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, make_dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

import awaken
import httpx
import pytest
import pytest_asyncio
from awaken import _core
from awaken.approvals import Refusal, Via
from awaken.control.answering import Answerer, AnswerOutcome, answer_question
from awaken.control.answers import EncodedAnswerError, InvalidAnswerError
from awaken.control.history import list_answers
from awaken.control.operations import Failure
from awaken.control.question_documents import find_documents
from awaken.control.questions import QuestionState, find_question
from awaken.control.remote import RemoteOperations, connect_runtime
from awaken.hosting.runtime_server import RuntimeServer
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks
from awaken.outcomes import AwakeableOutcome
from awaken.serde.codec_source import CodecSource
from awaken.serde.journal_codec import JournalValueCodec
from awaken.testing import Environment, open_environment
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from awaken.control.operations import Operations
    from awaken.runtime.runtime import Runtime

ANYWHERE = ("127.0.0.1", 0)
YES, NO = b'{"approved":true}', b'{"approved":false}'
MARK = b"sealed:"


class Sealing(JournalValueCodec):
    """Values that were not sealed cannot be opened."""

    def encode(self, buf: bytes) -> bytes:
        return MARK + base64.b85encode(buf)

    async def decode(self, buf: bytes) -> bytes:
        if not buf.startswith(MARK):
            raise ValueError("this is not sealed")
        return base64.b85decode(buf.removeprefix(MARK))


asking = awaken.Service("Asking")

#: Until it is set, attempts get nowhere, as if the handler were down.
is_up = asyncio.Event()
is_up.set()


@asking.handler()
async def pay(ctx: awaken.Context, quorum: int) -> str:
    await is_up.wait()
    verdict = await ctx.approve(
        "Pay?",
        details="**ACME**",
        data={"amount": 3},
        quorum=quorum,
        rejections=quorum,
        labels={"team": "red"},
    )
    return f"{verdict.approved} by {', '.join(str(one.by) for one in verdict.answers)}"


#: What a notifier of these handlers does with the id in a link.
on_link: list[Callable[[str], Awaitable[object]]] = []


@asking.handler()
async def pay_at_once(ctx: awaken.Context) -> str:
    async def answer(message: awaken.ApprovalMessage) -> None:
        for work in on_link:
            await work(message.link.id)

    verdict = await ctx.approve("Pay?", approvers=["ann"], notify=answer)
    return f"{verdict.approved} by {verdict.by}"


@dataclass
class Interfaces:
    """A runtime and its interfaces."""

    environment: Environment
    codec: Sealing | None
    runtime: Runtime
    #: The runtime over HTTP.
    remote: RemoteOperations
    ingress: httpx.AsyncClient

    async def begin(self, handler: Callable[..., Any]) -> str:
        """Return the id of the question of a handler without input."""
        sent = await self.environment.client.service_send(handler, None)
        await self.environment.settle()
        return _core.format_awakeable_id(_core.parse_invocation_id(sent.invocation_id), 17)

    async def ask(self, quorum: int) -> tuple[str, str]:
        """Return an invocation, and the id of its question."""
        sent = await self.environment.client.service_send(pay, quorum)
        await self.environment.settle()
        raw = _core.parse_invocation_id(sent.invocation_id)
        return sent.invocation_id, _core.format_awakeable_id(raw, 17)

    async def result(self, invocation_id: str) -> str:
        return str(await self.environment.client.attach(invocation_id))

    def by(self, person: str | None, via: Via = Via.INBOX) -> Answerer:
        return Answerer(person, (), via, self.environment.now_ms)

    def sealed(self, value: bytes) -> bytes:
        return value if self.codec is None else self.codec.encode(value)


@pytest_asyncio.fixture
async def interfaces(request: pytest.FixtureRequest) -> AsyncIterator[Interfaces]:
    """With the codec that a test asks for by an indirect parameter."""
    codec: Sealing | None = getattr(request, "param", None)
    configure_callbacks(CallbackSettings("http://links", LinkSigner({"test": b"k" * 32})))
    async with AsyncExitStack() as stack:
        app = awaken.app([asking], journal_value_codec=codec)
        environment = await stack.enter_async_context(open_environment(app))
        embedded = environment.embedded
        server = RuntimeServer(embedded.ingress, embedded.admin, ingress_bind=ANYWHERE, admin_bind=ANYWHERE)
        await server.open()
        stack.push_async_callback(server.close, 0)
        remote = connect_runtime(server.ingress_url, server.admin_url)
        remote.codec = None if codec is None else CodecSource(codec)
        stack.push_async_callback(remote.close)
        ingress = await stack.enter_async_context(httpx.AsyncClient(base_url=server.ingress_url))
        yield Interfaces(environment, codec, embedded.runtime, remote, ingress)
    configure_callbacks(None)


sealing = pytest.mark.parametrize("interfaces", [None, Sealing()], indirect=True, ids=["plain", "sealed"])


@sealing
async def test_ingress_judges_what_it_is_given(interfaces: Interfaces) -> None:
    invocation, question = await interfaces.ask(2)

    async def give(verb: str, body: bytes) -> httpx.Response:
        return await interfaces.ingress.post(f"/restate/awakeables/{question}/{verb}", content=body)

    wrong = await give("resolve", interfaces.sealed(b'"yes"'))
    outcomes = [
        (await give("resolve", interfaces.sealed(YES))).json()["outcome"],
        (await give("resolve", interfaces.sealed(NO))).json()["outcome"],
        (await give("reject", b"no budget")).json()["outcome"],
    ]
    seen = await find_question(interfaces.runtime, question)
    await answer_question(interfaces.remote, question, YES, interfaces.by("ann"))

    assert (wrong.status_code, "does not fit" in wrong.text) == (400, True)
    assert outcomes == ["applied", "already-completed", "already-completed"]
    (answer,) = seen.answers
    assert (answer.answer, answer.by, answer.via) == (YES, None, Via.API)
    assert answer.at_ms is not None
    assert await interfaces.result(invocation) == "True by None, ann"


@sealing
async def test_both_kinds_of_operations_tell_the_same(interfaces: Interfaces) -> None:
    invocation, question = await interfaces.ask(2)
    doors: list[Operations] = [interfaces.runtime, interfaces.remote]

    before = [await find_question(one, question) for one in doors]
    pages = [await one.awakeables() for one in doors]
    documents = [await find_documents(one, page.awakeables) for one, page in zip(doors, pages, strict=True)]
    counts = [await one.count_awakeables() for one in doors]
    told = [
        await answer_question(interfaces.remote, question, YES, interfaces.by("ann", Via.LINK)),
        await answer_question(interfaces.runtime, question, YES, interfaces.by("Ann")),
        await answer_question(interfaces.runtime, question, Failure(500, "no"), interfaces.by("bob")),
        await answer_question(interfaces.runtime, question, NO, interfaces.by("carl")),
        await answer_question(interfaces.remote, question, YES, interfaces.by("dora")),
    ]
    after = [await find_question(one, question) for one in doors]
    history = [(await list_answers(one)).answers for one in doors]

    assert before[0] == before[1]
    assert pages[0] == pages[1]
    assert documents[0] == documents[1]
    assert documents[0][question].document == before[0].document
    assert before[0].document is not None
    assert (before[0].document.details, before[0].document.data) == ("**ACME**", {"amount": 3})
    assert (before[0].title, before[0].type_name, counts) == ("Pay?", "awaken:Approval", [1, 1])
    assert [one.outcome for one in told] == [
        AwakeableOutcome.APPLIED,
        None,
        AwakeableOutcome.APPLIED,
        AwakeableOutcome.APPLIED,
        None,
    ]
    assert [one.refusal for one in told] == [None, Refusal.TWICE, None, None, Refusal.DECIDED]
    assert (told[3].is_approved, told[4].is_approved) == (False, False)
    assert told[4].first is not None
    assert told[4].first.by == "carl"
    assert after[0] == after[1]
    assert (after[0].state, after[0].open_id) == (QuestionState.DECIDED, None)
    assert history[0] == history[1]
    assert [(one.answered.by, one.is_yes) for one in history[0] if one.answered] == [
        ("carl", False),
        ("bob", False),
        ("ann", True),
    ]
    assert await interfaces.result(invocation) == "False by ann, bob, carl"


@pytest.mark.parametrize("interfaces", [Sealing()], indirect=True)
async def test_without_the_codec_a_door_knows_what_it_does_not_see(interfaces: Interfaces) -> None:
    invocation, question = await interfaces.ask(2)
    interfaces.remote.codec = None

    hidden = await find_question(interfaces.remote, question)
    with pytest.raises(EncodedAnswerError):
        await answer_question(interfaces.remote, question, YES, interfaces.by("ann"))
    await answer_question(interfaces.runtime, question, YES, interfaces.by("ann"))
    one = await find_question(interfaces.remote, question)
    sealed = await answer_question(
        interfaces.remote, question, interfaces.sealed(YES), interfaces.by(None, Via.API), is_encoded=True
    )
    (last, first) = (await list_answers(interfaces.remote)).answers

    assert (hidden.document, hidden.is_document_hidden, hidden.title) == (None, True, "Pay?")
    assert (one.answers, one.hidden_answers, one.missing) == ((), 1, 2)
    assert sealed.outcome is AwakeableOutcome.APPLIED
    assert (last.answered, first.answered, first.title) == (None, None, "Pay?")
    assert await interfaces.result(invocation) == "True by ann, None"


async def test_many_at_once_by_two_processes_fill_a_quorum(interfaces: Interfaces) -> None:
    invocation, question = await interfaces.ask(5)
    doors: list[Operations] = [interfaces.runtime, interfaces.remote]

    told = await asyncio.gather(
        *(
            answer_question(doors[n % 2], question, YES, interfaces.by(f"person {n // 2}", Via.LINK))
            for n in range(20)
        )
    )

    applied = [one for one in told if one.is_applied]
    assert sorted(one.missing for one in applied) == [0, 1, 2, 3, 4]
    assert {one.refusal for one in told if not one.is_applied} <= {Refusal.TWICE, Refusal.DECIDED}
    seen = await find_question(interfaces.runtime, question)
    people = [one.by or "" for one in seen.answers]
    assert len(set(people)) == len(people) == 5
    assert await interfaces.result(invocation) == f"True by {', '.join(people)}"


async def test_large_answer_is_kept_whole(interfaces: Interfaces) -> None:
    invocation, question = await interfaces.ask(1)
    large = b'{"approved":true,"comment":"' + b"x" * 2_000_000 + b'"}'

    told = await answer_question(interfaces.remote, question, large, interfaces.by("ann"))
    seen = await find_question(interfaces.remote, question)
    (past,) = (await list_answers(interfaces.remote)).answers

    assert (told.outcome, told.is_decided) == (AwakeableOutcome.APPLIED, True)
    assert seen.first is not None
    assert (seen.first.answer, seen.first.by) == (large, "ann")
    assert (past.answered, past.size > 2_000_000) == (None, True)
    assert await interfaces.result(invocation) == "True by ann"


async def test_value_that_is_no_answer_is_no_rejection_in_the_history(interfaces: Interfaces) -> None:
    _, question = await interfaces.ask(1)

    await interfaces.runtime.resolve_awakeable(question, b'"no idea"')  # as on a server
    await answer_question(interfaces.runtime, question, NO, interfaces.by("ann"))
    history = (await list_answers(interfaces.remote)).answers

    assert [one.is_yes for one in history] == [False, None]


#: A type that only the handler's process knows.
foreign: dict[str, Any] = {}


@asking.handler()
async def pay_elsewhere(ctx: awaken.Context) -> str:
    verdict = await ctx.approve("Pay?", answer=foreign["type"])
    return f"{verdict.approved} by {verdict.by}"


class Signed(BaseModel):
    """An answer whose yes may be missing, and that keeps what it does not know."""

    model_config = ConfigDict(extra="allow")

    signed: bool | None = None


@asking.handler()
async def pay_by_finance(ctx: awaken.Context) -> str:
    verdict = await ctx.approve("Pay?", approvers=["group:finance"], not_by=["group:sales"])
    return f"{verdict.approved} by {verdict.by}"


async def test_answer_keeps_those_groups_that_were_asked(interfaces: Interfaces) -> None:
    question = await interfaces.begin(pay_by_finance)
    groups = tuple(f"group {number}" for number in range(900))
    ann = replace(interfaces.by("ann"), groups=(*groups, "Finance", "group:x"))

    excluded = await answer_question(
        interfaces.runtime, question, YES, replace(ann, groups=("finance", "sales"))
    )
    told = await answer_question(interfaces.runtime, question, YES, ann)
    seen = await find_question(interfaces.remote, question)

    assert (excluded.refusal, told.is_approved) == (Refusal.EXCLUDED, True)
    assert [(one.by, one.groups) for one in seen.answers] == [("ann", ("Finance",))]


@asking.handler()
async def sign(ctx: awaken.Context) -> str:
    verdict = await ctx.approve("Sign?", answer=Signed)
    return f"{verdict.approved} by {verdict.by}"


@pytest.mark.parametrize("is_remote", [False, True])
@pytest.mark.parametrize(
    "value",
    [
        b"{}",
        b'{"signed":null}',
        b'\xef\xbb\xbf{"signed":false}',
        '{"signed":false}'.encode("utf-16"),
        b'{"signed":false,"note":"\\ud800"}',
        b'{"signed":false,"note":NaN}',
        b'{"signed":false,"deep":' + b"[" * 1100 + b"]" * 1100 + b"}",
    ],
    ids=["empty", "none", "mark", "utf-16", "half", "nan", "deep"],
)
async def test_answer_that_would_not_count_is_refused(
    interfaces: Interfaces, value: bytes, *, is_remote: bool
) -> None:
    operations: Operations = interfaces.remote if is_remote else interfaces.runtime
    question = await interfaces.begin(sign)

    with pytest.raises(InvalidAnswerError):
        await answer_question(operations, question, value, interfaces.by("ann"))
    response = await interfaces.ingress.post(f"/restate/awakeables/{question}/resolve", content=value)
    seen = await find_question(operations, question)
    told = await answer_question(
        operations, question, b'{"signed":false,"note":"\xc3\xa4"}', interfaces.by("ann")
    )

    assert response.status_code == 400
    assert (seen.answers, seen.missing) == ((), 1)
    assert (told.is_applied, told.is_approved) == (True, False)


@pytest.mark.parametrize("is_remote", [False, True])
async def test_answer_of_a_type_that_the_door_does_not_know_is_compared_with_its_schema(
    interfaces: Interfaces, monkeypatch: pytest.MonkeyPatch, *, is_remote: bool
) -> None:
    elsewhere = ModuleType("elsewhere")
    kind = make_dataclass(
        "Foreign", [("approved", bool), ("amount", int)], namespace={"__module__": "elsewhere"}
    )
    vars(elsewhere)["Foreign"] = kind
    monkeypatch.setitem(sys.modules, "elsewhere", elsewhere)
    monkeypatch.setitem(foreign, "type", kind)
    operations: Operations = interfaces.remote if is_remote else interfaces.runtime
    question = await interfaces.begin(pay_elsewhere)

    with pytest.raises(InvalidAnswerError, match=r"\$\.amount: it is missing"):
        await answer_question(operations, question, YES, interfaces.by("ann"))
    await interfaces.runtime.resolve_awakeable(question, b'{"approved":true,"amount":"1"}')  # as on a server
    before = await find_question(operations, question)
    told = await answer_question(operations, question, b'{"approved":true,"amount":1}', interfaces.by("ann"))

    assert (before.state, before.missing, len(before.answers)) == (QuestionState.PENDING, 1, 1)
    assert told.is_approved is True


@pytest.mark.parametrize("is_remote", [False, True])
async def test_answer_of_a_notifier_itself_waits_for_the_journal(
    interfaces: Interfaces, *, is_remote: bool
) -> None:
    operations: Operations = interfaces.remote if is_remote else interfaces.runtime

    async def answer(question: str) -> None:
        if not told:
            by = interfaces.by("ann", Via.LINK)
            told.append(await answer_question(operations, question, YES, by, is_approval=True))

    told: list[AnswerOutcome] = []
    on_link.append(answer)
    result = await interfaces.environment.client.service_call(pay_at_once, None)
    on_link.clear()

    assert [one.outcome for one in told] == [AwakeableOutcome.APPLIED]
    assert result == "True by ann"


async def test_answers_while_the_handler_is_down_are_kept_in_order(interfaces: Interfaces) -> None:
    invocation, question = await interfaces.ask(3)
    await interfaces.environment.advance(minutes=2)  # the attempt ends
    is_up.clear()

    for person in ("ann", "bob", "carl", "dora"):
        last = await answer_question(interfaces.runtime, question, YES, interfaces.by(person))
    status = interfaces.environment.invocation(invocation).status
    is_up.set()

    assert (last.refusal, last.first and last.first.by) == (Refusal.DECIDED, "carl")
    assert status == "running"
    assert await interfaces.result(invocation) == "True by ann, bob, carl"
