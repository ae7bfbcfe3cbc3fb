"""Approvals from beginning to end, on a runtime whose clock the test moves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken import _core
from awaken.approvals import Answered, Via, write_answered
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks
from awaken.runtime.errors import RuntimeClosedError
from awaken.testing import Environment, crash_everywhere, open_environment
from awaken.testing.errors import AnswerRefusedError, HandlerFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

YES = b'{"approved":true,"comment":"fine"}'
NO = b'{"approved":false,"comment":"no"}'
SIGNER = LinkSigner({"test": b"k" * 32})


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    configure_callbacks(CallbackSettings("http://links.test", SIGNER))
    yield
    configure_callbacks(None)


@dataclass
class Decision:
    """An answer of an application."""

    approved: bool
    amount: int = 0


class Outside:
    """An application that asks, and the messages that its people get."""

    def __init__(self, **given: Any) -> None:
        self.given = {"approvers": ["ann@x", "bob@x", "eve@x"], "notify": self.notify, **given}
        self.messages: list[awaken.ApprovalMessage] = []
        self.service = awaken.Service("Asking")
        self.verdicts: list[awaken.Verdict[Any]] = []
        #: How often notify fails for a person.
        self.failing: dict[str, int] = {}

        @self.service.handler()
        async def ask(ctx: awaken.Context) -> str:
            verdict: awaken.Verdict[Any] = await ctx.approve("Pay?", **self.given)
            self.verdicts.append(verdict)
            return f"{verdict.approved} by {verdict.by} via {verdict.via}: {verdict.answer}"

        self.ask = ask

    def notify(self, message: awaken.ApprovalMessage) -> None:
        if self.failing.get(message.person, 0):
            self.failing[message.person] -= 1
            raise ConnectionError(f"no mail for {message.person}")
        self.messages.append(message)

    def told(self, kind: str) -> list[str]:
        return [message.person for message in self.messages if message.kind == kind]

    async def start(self, env: Environment) -> str:
        sent = await env.client.service_send(self.ask, None)
        await env.settle()
        return str(sent.invocation_id)


def slot_id(invocation_id: str, number: int) -> str:
    return _core.format_awakeable_id(_core.parse_invocation_id(invocation_id), 17 + number)


async def answer(
    env: Environment, invocation_id: str, number: int, value: bytes | None = YES, by: str | None = None
) -> None:
    """Write an answer into a slot, as a door does."""
    written = write_answered(Answered(value, None if value else "too much", by, (), 1_000, Via.INBOX))
    try:
        await env.embedded.runtime.resolve_awakeable(slot_id(invocation_id, number), written)
    except RuntimeClosedError:  # in a crash; a second answer would change nothing
        await env.settle()
        await env.embedded.runtime.resolve_awakeable(slot_id(invocation_id, number), written)
    await env.settle()


async def result_of(env: Environment, invocation_id: str) -> str:
    return await env.client.attach(invocation_id, type_hint=str)


async def test_everyone_is_asked_and_one_answer_decides() -> None:
    app = Outside(details="**now**", data={"amount": 7})

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        asked = list(app.messages)
        await answer(env, invocation, 0, by="bob@x")
        outcome = await result_of(env, invocation)

    assert outcome == "True by bob@x via inbox: Approval(approved=True, comment='fine')"
    assert [message.person for message in asked] == ["ann@x", "bob@x", "eve@x"]
    assert {message.kind for message in asked} == {"ask"}
    assert app.told("decided") == ["ann@x", "bob@x", "eve@x"]
    assert app.messages[-1].outcome == {
        "is_approved": True,
        "by": "bob@x",
        "at_ms": 1_000,
        "via": "inbox",
        "comment": "fine",
    }
    (verdict,) = app.verdicts
    assert verdict.at == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert [(one.by, one.answer) for one in verdict.answers] == [("bob@x", awaken.Approval(True, "fine"))]
    link = SIGNER.verify(str(asked[0].link).rpartition("/")[2])
    assert (link.person, link.name, link.is_approval) == ("ann@x", "Pay?", True)
    assert link.awakeable_id == slot_id(invocation, 0)


async def test_quorum_needs_different_people() -> None:
    app = Outside(quorum=2)

    async with open_environment(app.service, always_replay=True) as env:
        invocation = await app.start(env)
        await answer(env, invocation, 0, by="ann@x")
        await answer(env, invocation, 1, by="ann@x")
        await answer(env, invocation, 2, by="stranger")
        await answer(env, invocation, 3, by="bob@x")
        outcome = await result_of(env, invocation)

    assert outcome.startswith("True by bob@x")
    assert [one.by for one in app.verdicts[-1].answers] == ["ann@x", "bob@x"]
    assert len(app.told("ask")) == 3


async def test_group_and_a_member_of_it_are_one_in_either_order() -> None:
    app = Outside(approvers=["group:finance", "ann@x"], quorum=2, notify=None)
    answers: list[tuple[str, tuple[str, ...]]] = [("group:finance", ()), ("carl@x", ("finance",))]

    async with open_environment(app.service) as env:
        for order in (answers, answers[::-1]):
            invocation = await app.start(env)
            (first, of_first), (second, of_second) = order
            await env.approval().answer(awaken.Approval(True), by=first, groups=of_first)
            with pytest.raises(AnswerRefusedError, match=f"{second} has answered already, by name or for a"):
                await env.approval().answer(awaken.Approval(True), by=second, groups=of_second)
            await env.approval().answer(awaken.Approval(True), by="ann@x", groups=["audit"])

            assert (await result_of(env, invocation)).startswith("True by ann@x")
            assert [one.by for one in app.verdicts[-1].answers] == [first, "ann@x"]


async def test_time_reminds_escalates_and_expires() -> None:
    app = Outside(
        approvers=["ann@x", "bob@x"],
        quorum=2,
        remind=[timedelta(hours=1), timedelta(hours=3)],
        escalate={timedelta(hours=2): ["boss@x", "ann@x"]},
        expires_in=timedelta(days=1),
        on_expiry=awaken.Approval(False, "nobody was there"),
    )

    async with open_environment(app.service, always_replay=True) as env:
        invocation = await app.start(env)
        await answer(env, invocation, 0, by="ann@x")
        await env.advance(hours=1)
        first = app.told("remind")
        await env.advance(hours=1)
        escalated = app.told("escalate")
        await env.advance(hours=1)
        second = app.told("remind")
        await env.advance(days=1)
        outcome = await result_of(env, invocation)

    assert (first, escalated, second) == (["bob@x"], ["boss@x"], ["bob@x", "bob@x", "boss@x"])
    assert outcome == "False by None via expiry: Approval(approved=False, comment='nobody was there')"
    assert app.told("decided") == ["ann@x", "bob@x", "boss@x"]
    assert [one.by for one in app.verdicts[-1].answers] == ["ann@x"]


@pytest.mark.parametrize(
    ("approvers", "quorum", "reminded"),
    [
        (["group:finance"], 2, ["group:finance"]),
        (["ann@x", "group:finance"], 2, ["ann@x"]),
        (["ann@x", "group:finance"], 3, ["ann@x", "group:finance"]),
    ],
)
async def test_group_is_reminded_as_long_as_others_of_it_have_to_answer(
    approvers: list[str], quorum: int, reminded: list[str]
) -> None:
    app = Outside(approvers=approvers, quorum=quorum, remind=[timedelta(hours=1)])
    written = write_answered(Answered(YES, by="fay@x", groups=("finance",), via=Via.INBOX))

    async with open_environment(app.service, always_replay=True) as env:
        invocation = await app.start(env)
        await env.embedded.runtime.resolve_awakeable(slot_id(invocation, 0), written)
        await env.settle()
        await env.advance(hours=2)

    assert app.told("remind") == reminded


async def test_expiry_raises_without_an_answer_for_it() -> None:
    app = Outside(expires_in=timedelta(days=1))

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await env.advance(days=1)
        with pytest.raises(awaken.HttpError) as caught:
            await result_of(env, invocation)

    assert caught.value.status_code == 408
    assert 'approval "Pay?" was not decided before' in caught.value.message
    assert "is_approved" not in app.messages[-1].outcome


async def test_rejection_without_an_answer_is_one_of_the_usual_type() -> None:
    app = Outside()

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await answer(env, invocation, 0, None, by="eve@x")

        assert await result_of(env, invocation) == (
            "False by eve@x via inbox: Approval(approved=False, comment='too much')"
        )


async def test_rejection_without_an_answer_ends_with_an_error_where_the_type_has_none() -> None:
    app = Outside(answer=Decision)

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await answer(env, invocation, 0, None, by="eve@x")
        with pytest.raises(awaken.HttpError, match=r'eve@x rejected "Pay[?]": too much'):
            await result_of(env, invocation)


async def test_value_of_another_type_does_not_count(caplog: pytest.LogCaptureFixture) -> None:
    app = Outside(answer=Decision)

    async with open_environment(app.service, always_replay=True) as env:
        invocation = await app.start(env)
        await env.embedded.runtime.resolve_awakeable(
            slot_id(invocation, 0), b'{"approved":true,"amount":"x"}'
        )
        await env.embedded.runtime.resolve_awakeable(slot_id(invocation, 1), b'"yes"')
        await answer(env, invocation, 2, by="bob@x")
        outcome = await result_of(env, invocation)

    assert outcome == "True by bob@x via inbox: Decision(approved=True, amount=0)"
    warnings = [record.message for record in caplog.records if "does not count" in record.message]
    assert len(warnings) == 2
    assert 'approval "Pay?"' in warnings[0]
    assert "$.amount" in warnings[0]
    assert '"amount":"x"' in warnings[0]


async def test_bare_value_is_an_answer_by_somebody_unknown() -> None:
    app = Outside()

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await env.embedded.runtime.resolve_awakeable(slot_id(invocation, 0), b'{"approved":true}')

        assert (await result_of(env, invocation)).startswith("True by None via api")


async def test_slots_run_out() -> None:
    app = Outside(answer=Decision)

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        for number in range(16):
            await env.embedded.runtime.resolve_awakeable(slot_id(invocation, number), b"1")
        with pytest.raises(awaken.HttpError, match="16 values, of which 0 count"):
            await result_of(env, invocation)


async def test_one_failing_message_does_not_hold_up_the_others() -> None:
    app = Outside(quorum=2)
    app.failing["ann@x"] = 2

    async with open_environment(app.service, always_replay=True) as env:
        invocation = await app.start(env)
        asked = app.told("ask")
        await answer(env, invocation, 0, by="bob@x")
        await env.advance(seconds=10)
        still_failing = app.told("ask")
        await env.advance(minutes=1)
        at_last = app.told("ask")
        await answer(env, invocation, 1, by="eve@x")
        await result_of(env, invocation)

    assert asked == still_failing == ["bob@x", "eve@x"]
    assert at_last == ["bob@x", "eve@x", "ann@x"]


async def test_nobody_asked_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    app = Outside(approvers=["ann@x", "bob@x"])
    app.failing = {"ann@x": 100, "bob@x": 100}

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await env.advance(hours=1)
        with pytest.raises(
            awaken.HttpError, match=r'nobody could be asked "Pay[?]": ConnectionError: no mail for'
        ):
            await result_of(env, invocation)

    assert app.failing == {"ann@x": 96, "bob@x": 96}
    assert "(try 4 of 4)" in caplog.text


async def test_without_notify_there_are_no_links() -> None:
    configure_callbacks(None)
    app = Outside(approvers=None, notify=None)

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await answer(env, invocation, 0, by="anybody")

        assert (await result_of(env, invocation)).startswith("True by anybody")


async def test_who_may_not_answer_is_not_asked() -> None:
    app = Outside(not_by=["Bob@x"])

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await answer(env, invocation, 0, by="bob@x")
        await answer(env, invocation, 1, by="eve@x")
        outcome = await result_of(env, invocation)

    assert app.told("ask") == ["ann@x", "eve@x"]
    assert outcome.startswith("True by eve@x")


async def test_several_at_once_keep_their_slots_in_a_row() -> None:
    service = awaken.Service("Several")

    @service.handler()
    async def ask(ctx: awaken.Context) -> list[str | None]:
        verdicts = await asyncio.gather(ctx.approve("first?"), ctx.approve("second?"), ctx.approve("third?"))
        return [verdict.by for verdict in verdicts]

    async with open_environment(service, always_replay=True) as env:
        sent = await env.client.service_send(ask, None)
        await env.settle()
        for number, by in ((32, "third"), (0, "first"), (16, "second")):
            await answer(env, sent.invocation_id, number, by=by)

        assert await env.client.attach(sent.invocation_id, type_hint=list[str]) == [
            "first",
            "second",
            "third",
        ]


async def test_cancelling_ends_it() -> None:
    app = Outside()

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await env.embedded.runtime.cancel(invocation)
        with pytest.raises(awaken.HttpError) as caught:
            await result_of(env, invocation)

    assert caught.value.status_code == 409


@pytest.mark.slow
async def test_no_crash_changes_the_verdict() -> None:
    """The decorator asserts: it fails at the first crash after which result, state or invocations differ."""
    app = Outside(
        approvers=["ann@x", "bob@x"],
        quorum=2,
        remind=[timedelta(hours=1)],
        escalate={timedelta(hours=2): ["boss@x"]},
        expires_in=timedelta(days=1),
        on_expiry=awaken.Approval(False),
    )

    @crash_everywhere(app=app.service, max_positions=40)
    async def scenario(env: Environment) -> str:
        invocation = await app.start(env)
        await answer(env, invocation, 0, by="ann@x")
        await env.advance(hours=2)
        await answer(env, invocation, 1, by="boss@x")
        return await result_of(env, invocation)

    await scenario()


async def test_deploy_that_changes_the_list_changes_no_approval_that_waits() -> None:
    app = Outside(approvers=["ann@x"], remind=[timedelta(hours=1)], expires_in=timedelta(days=1))

    async with open_environment(app.service, always_replay=True) as env:
        invocation = await app.start(env)
        app.given |= {
            "approvers": ["new@x", "other@x"],
            "quorum": 2,
            "remind": [timedelta(hours=2), timedelta(hours=3)],
            "escalate": {timedelta(hours=4): ["boss@x"]},
            "expires_in": timedelta(days=9),
            "labels": {"team": "blue"},
            "details": "other",
        }
        await env.advance(hours=5)
        await answer(env, invocation, 0, by="new@x")
        await answer(env, invocation, 1, by="ann@x")
        outcome = await result_of(env, invocation)

    assert outcome.startswith("True by ann@x")
    assert [(message.kind, message.person) for message in app.messages] == [
        ("ask", "ann@x"),
        ("remind", "ann@x"),
        ("decided", "ann@x"),
    ]


async def test_deploy_whose_list_is_too_short_loses_nothing() -> None:
    app = Outside(approvers=["ann@x", "bob@x"], quorum=2)
    kept: list[tuple[Any, ...]] = []

    async def scenario() -> None:
        async with open_environment(app.service, always_replay=True) as env:
            invocation = await app.start(env)
            app.given["approvers"] = ["ann@x"]
            with pytest.raises(awaken.TerminalError, match=r"quorum of ctx\.approve is 2, and 1 can answer"):
                await answer(env, invocation, 0, by="ann@x")
            kept.extend(env.fetch("SELECT status FROM invocation"))
            kept.extend(env.fetch("SELECT signal FROM journal WHERE signal >= 17"))

    with pytest.raises(HandlerFailedError, match="and the journal continues"):
        await scenario()

    (status,), *answers = kept
    assert status in ("invoked", "paused")
    assert answers == [(17,)]


async def test_deploy_with_a_shorter_list_and_quorum_counts_as_it_began() -> None:
    app = Outside(approvers=["ann@x", "bob@x"], quorum=2)

    async with open_environment(app.service, always_replay=True) as env:
        invocation = await app.start(env)
        app.given |= {"approvers": ["ann@x"], "quorum": 1}
        await answer(env, invocation, 0, by="ann@x")
        await answer(env, invocation, 1, by="bob@x")

        assert (await result_of(env, invocation)).startswith("True by bob@x")


async def test_list_that_becomes_empty_changes_no_approval_that_waits() -> None:
    app = Outside(approvers=["ann@x"], escalate={timedelta(hours=1): ["boss@x"]}, notify=None)

    async with open_environment(app.service, always_replay=True) as env:
        invocation = await app.start(env)
        app.given["approvers"] = []
        await env.advance(hours=2)
        await env.approval().answer(awaken.Approval(True), by="boss@x")

        assert (await result_of(env, invocation)).startswith("True by boss@x")


async def test_deploy_without_messages_sends_no_more() -> None:
    app = Outside(approvers=["ann@x"], remind=[timedelta(hours=1)])

    async with open_environment(app.service, always_replay=True) as env:
        invocation = await app.start(env)
        app.given |= {"notify": None, "remind": []}
        await env.advance(hours=2)
        await answer(env, invocation, 0, by="ann@x")

        assert (await result_of(env, invocation)).startswith("True by ann@x")

    assert len(app.messages) == 1


async def test_deploy_that_needs_more_room_is_told() -> None:
    app = Outside(approvers=None, notify=None)

    async with open_environment(app.service, always_replay=True) as env:
        invocation = await app.start(env)
        app.given["quorum"] = 60
        with pytest.raises(HandlerFailedError, match=r"began with room for 16 answers, and .* for 128"):
            await answer(env, invocation, 0, by="ann@x")


class Reversing(awaken.JournalValueCodec):
    """Writes everything backwards."""

    def encode(self, buf: bytes) -> bytes:
        return b"reversed" + buf[::-1]

    async def decode(self, buf: bytes) -> bytes:
        assert buf.startswith(b"reversed")
        return buf.removeprefix(b"reversed")[::-1]


async def test_codec_hides_details_and_answers_but_not_the_question() -> None:
    app = Outside(details="a secret", data={"amount": 4711})
    codec = Reversing()

    async with open_environment(awaken.app([app.service], journal_value_codec=codec)) as env:
        sent = await env.client.service_send(app.ask, None)
        await env.settle()
        journal = b"".join(bytes(payload) for (payload,) in env.fetch("SELECT payload FROM journal"))
        written = write_answered(Answered(YES, by="ann@x", via=Via.LINK))
        await env.embedded.runtime.resolve_awakeable(slot_id(sent.invocation_id, 0), codec.encode(written))
        outcome = await result_of(env, sent.invocation_id)

    assert outcome.startswith("True by ann@x via link")
    assert b"a secret" not in journal
    assert b"terces a" in journal
    assert b'"name":"Pay?"' in journal
    assert b'"encoded":true' in journal


async def test_notifier_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("awaken.context.approving.messages.LONGEST_CALL_S", 0.05)
    app = Outside(approvers=["ann@x", "bob@x"])

    async def notify(message: awaken.ApprovalMessage) -> None:
        if message.person == "ann@x":
            await asyncio.sleep(3600)
        app.messages.append(message)

    app.given["notify"] = notify

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await answer(env, invocation, 0, by="bob@x")

        assert (await result_of(env, invocation)).startswith("True by bob@x")

    assert app.told("ask") == ["bob@x"]


async def test_notifier_that_only_hangs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("awaken.context.approving.messages.LONGEST_CALL_S", 0.05)
    app = Outside(approvers=["ann@x"])

    async def notify(_: awaken.ApprovalMessage) -> None:
        await asyncio.sleep(3600)

    app.given["notify"] = notify

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await env.advance(hours=1)
        with pytest.raises(awaken.HttpError, match=r"could be asked .* notify took longer than 0\.05 s"):
            await result_of(env, invocation)


async def test_notifier_may_raise_anything() -> None:
    """Only a terminal error says that another try would not help."""
    app = Outside(approvers=["ann@x", "bob@x", "eve@x"])
    called: list[str] = []

    def notify(message: awaken.ApprovalMessage) -> None:
        called.append(message.person)
        match message.person:
            case "ann@x":
                raise StopIteration
            case "bob@x":
                raise awaken.TerminalError("no such person")
        app.messages.append(message)

    app.given["notify"] = notify

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await env.advance(hours=1)
        await answer(env, invocation, 0, by="ann@x")

        assert (await result_of(env, invocation)).startswith("True by ann@x")

    assert (app.told("ask"), app.told("decided")) == (["eve@x"], ["eve@x"])
    assert [called.count(person) for person in ("ann@x", "bob@x", "eve@x")] == [4, 1, 2]


async def test_everyone_out_of_reach_is_told_at_once() -> None:
    app = Outside(approvers=["ann@x"])

    def notify(_: awaken.ApprovalMessage) -> None:
        raise awaken.TerminalError("no such person")

    app.given["notify"] = notify

    async with open_environment(app.service) as env:
        with pytest.raises(awaken.HttpError, match=r'nobody could be asked "Pay[?]": no such person'):
            await env.client.service_call(app.ask, None)


@pytest.mark.parametrize(
    ("approvers", "given", "is_logged"),
    [
        (["ann@x", "bob@x"], {"quorum": 2}, True),
        (["ann@x", "bob@x", "eve@x"], {"quorum": 2}, False),
        (["ann@x", "bob@x", "group:all"], {"quorum": 2}, False),
        (["ann@x", "bob@x"], {"quorum": 2, "escalate": {timedelta(hours=3): ["eve@x"]}}, False),
    ],
)
async def test_too_few_who_could_be_reached_are_an_error_of_the_log(
    caplog: pytest.LogCaptureFixture, approvers: list[str], given: dict[str, Any], is_logged: bool
) -> None:
    app = Outside(approvers=approvers, **given)

    def notify(message: awaken.ApprovalMessage) -> None:
        if message.person == "bob@x":
            raise awaken.TerminalError("550 no such user")

    app.given["notify"] = notify

    async with open_environment(app.service) as env:
        invocation = await app.start(env)
        await answer(env, invocation, 0, by="ann@x")
        await answer(env, invocation, 1, by="bob@x")  # in the inbox
        await result_of(env, invocation)

    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == is_logged
    if is_logged:
        assert 'approval "Pay?" needs 2 approvals' in errors[0]
        assert "bob@x (550 no such user) could not be reached" in errors[0]
        assert invocation in errors[0]
        assert "ann@x" not in errors[0]
