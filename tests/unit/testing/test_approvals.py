"""`env.approval`: approvals answered by tests, through the door of the inbox."""

from __future__ import annotations

from datetime import timedelta

import awaken
import pytest
from awaken.approvals import Refusal
from awaken.control.answers import InvalidAnswerError
from awaken.testing import AnswerRefusedError, Environment, NotThereError, crash_everywhere, open_environment

asking = awaken.Service("AskingUnderTest")


@asking.handler()
async def ask(ctx: awaken.Context, question: str) -> str:
    """Ask two people."""
    verdict = await ctx.approve(
        question,
        approvers=["ann", "group:finance"],
        not_by=["eve"],
        quorum=2,
        escalate={timedelta(days=1): ["boss"]},
        expires_in=timedelta(days=2),
        on_expiry=awaken.Approval(False, "too late"),
    )
    return f"{verdict.approved} {verdict.answer.comment} {[one.by for one in verdict.answers]}"


async def start(env: Environment, question: str = "Pay?") -> str:
    return str((await env.client.service_send(ask, question)).invocation_id)


async def outcome_of(env: Environment, invocation_id: str) -> str:
    return await env.client.attach(invocation_id, type_hint=str)


async def test_people_answer_by_name_and_group() -> None:
    async with open_environment(asking) as env:
        invocation = await start(env)
        await env.approval("Pay?").answer(awaken.Approval(True), by="ann")
        await env.approval("Pay?").answer(awaken.Approval(True, "fine"), by="bob", groups=["finance"])

        assert await outcome_of(env, invocation) == "True fine ['ann', 'bob']"


async def test_rejection() -> None:
    async with open_environment(asking) as env:
        invocation = await start(env)
        await env.approval().reject("too much", by="ann")

        assert await outcome_of(env, invocation) == "False too much ['ann']"


async def test_answers_that_do_not_count_are_told() -> None:
    async with open_environment(asking) as env:
        await start(env)
        approval = env.approval("Pay?")
        refusals = []
        for person, groups in (("stranger", ()), ("eve", ("finance",)), ("boss", ())):
            with pytest.raises(AnswerRefusedError, match=f"the answer of {person} to 'Pay[?]'") as caught:
                await approval.answer(awaken.Approval(True), by=person, groups=groups)
            refusals.append(caught.value.refusal)
        await approval.answer(awaken.Approval(True), by="ann")
        with pytest.raises(AnswerRefusedError, match="ann has answered already") as caught:
            await approval.answer(awaken.Approval(True), by="ann")
        refusals.append(caught.value.refusal)
        with pytest.raises(InvalidAnswerError):
            await approval.answer({"approved": "yes"}, by="bob", groups=["finance"])
        await env.advance(days=1)
        await approval.answer(awaken.Approval(True), by="boss")

    assert refusals == [Refusal.NOT_ASKED, Refusal.EXCLUDED, Refusal.NOT_YET, Refusal.TWICE]


async def test_questions_that_are_not_asked_are_told() -> None:
    async with open_environment(asking, patience=timedelta(seconds=0.2)) as env:
        await start(env)
        with pytest.raises(
            NotThereError, match=r"no handler waits for the approval 'Go\?' .* pending are: 'Pay\?'"
        ):
            await env.approval("Go?").answer(awaken.Approval(True))
        second = await start(env)
        await env.settle()
        with pytest.raises(NotThereError, match="2 pending approvals fit"):
            await env.approval("Pay?").id()
        assert (await env.approval("Pay?", invocation_id=second).id()).startswith("sign_1")


async def test_time_decides() -> None:
    async with open_environment(asking) as env:
        invocation = await start(env)
        await env.approval().answer(awaken.Approval(True), by="ann")
        await env.advance(days=2)

        assert await outcome_of(env, invocation) == "False too late ['ann']"


@pytest.mark.slow
async def test_no_crash_changes_the_outcome() -> None:
    """The decorator asserts: it fails at the first crash after which result, state or invocations differ."""

    @crash_everywhere(app=asking, max_positions=60)
    async def scenario(env: Environment) -> str:
        invocation = await start(env)
        await env.approval("Pay?").answer(awaken.Approval(True), by="ann")
        await env.advance(days=1)
        await env.approval("Pay?").answer(awaken.Approval(True, "fine"), by="boss")
        return await outcome_of(env, invocation)

    await scenario()


async def test_codec_is_that_of_the_application() -> None:
    class Reversing(awaken.JournalValueCodec):
        def encode(self, buf: bytes) -> bytes:
            return buf[::-1]

        async def decode(self, buf: bytes) -> bytes:
            return buf[::-1]

    async with open_environment(awaken.app([asking], journal_value_codec=Reversing())) as env:
        invocation = await start(env)
        await env.approval().answer(awaken.Approval(True), by="ann")
        await env.approval().answer(awaken.Approval(True, "fine"), by="bob", groups=["finance"])

        assert await outcome_of(env, invocation) == "True fine ['ann', 'bob']"
