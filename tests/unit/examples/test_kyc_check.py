"""The KYC check of the cookbook: documents by a form, two of three reviewers, and days that pass."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import awaken
import pytest
from awaken.testing import AnswerRefusedError, Environment, crash_everywhere

from examples.kyc_check import kyc
from examples.kyc_check.kyc import REVIEWERS, Customer, Documents, Outcome, Review

if TYPE_CHECKING:
    from pathlib import Path

ADA = Customer("Ada", "ada@example.com")
PASSPORT = Documents("Ada Lovelace", date(1815, 12, 10), "CH", "X1234567")
GRACE, LINUS, MARGARET = REVIEWERS

pytestmark = pytest.mark.usefixtures("links")


@pytest.fixture(autouse=True)
def outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kyc, "OUTBOX", tmp_path)
    return tmp_path


@pytest.fixture
def awaken_app() -> awaken.Endpoint:
    return kyc.app


def subjects(outbox: Path, person: str) -> list[str]:
    file = outbox / f"{person}.txt"
    return file.read_text().splitlines()[::2] if file.exists() else []


async def begin(env: Environment) -> str:
    sent = await env.client.workflow_send(kyc.check, "ada", ADA)
    await env.settle()
    return sent.invocation_id


async def test_two_of_three_reviewers_verify_a_customer(awaken_env: Environment, outbox: Path) -> None:
    invocation = await begin(awaken_env)
    await awaken_env.awakeable("Documents of Ada").resolve(PASSPORT)

    question = awaken_env.approval("Verify Ada?")
    await question.answer(Review(approved=True), by=GRACE)
    assert await awaken_env.client.workflow_call(kyc.status, "ada", None) == "in review"
    await question.answer(Review(approved=False, comment="the photo is blurred"), by=LINUS)
    await question.answer(Review(approved=True, risk="medium"), by=MARGARET)

    outcome = await awaken_env.client.attach(invocation, type_hint=Outcome)
    assert outcome == Outcome("verified", "the risk is medium", [GRACE, LINUS, MARGARET])
    assert await awaken_env.client.workflow_call(kyc.status, "ada", None) == "verified"
    assert subjects(outbox, ADA.mail) == ["Open your account", "Your account is verified"]


async def test_two_rejections_are_enough(awaken_env: Environment) -> None:
    invocation = await begin(awaken_env)
    await awaken_env.awakeable("Documents of Ada").resolve(PASSPORT)

    for reviewer in (GRACE, LINUS):
        await awaken_env.approval().answer(Review(approved=False, comment="not the same name"), by=reviewer)

    outcome = await awaken_env.client.attach(invocation, type_hint=Outcome)
    assert outcome == Outcome("rejected", "not the same name", [GRACE, LINUS])


async def test_nobody_counts_twice_and_customers_do_not_count(awaken_env: Environment) -> None:
    invocation = await begin(awaken_env)
    await awaken_env.awakeable("Documents of Ada").resolve(PASSPORT)
    await awaken_env.approval().answer(Review(approved=True), by=GRACE)

    for person in (GRACE, ADA.mail, "somebody@example.com"):
        with pytest.raises(AnswerRefusedError):
            await awaken_env.approval().answer(Review(approved=True), by=person)

    with pytest.raises(awaken.NotReadyError):
        await awaken_env.client.output(invocation)


async def test_customers_are_reminded_once_and_have_two_weeks(awaken_env: Environment, outbox: Path) -> None:
    invocation = await begin(awaken_env)

    await awaken_env.advance(days=13)
    reminded = subjects(outbox, ADA.mail)
    await awaken_env.advance(days=1)

    outcome = await awaken_env.client.attach(invocation, type_hint=Outcome)
    assert reminded == ["Open your account", "Your account waits for you"]
    assert outcome.status == "expired"
    assert "Documents of Ada" in outcome.reason


async def test_reviewers_are_reminded_and_have_five_days(awaken_env: Environment, outbox: Path) -> None:
    invocation = await begin(awaken_env)
    await awaken_env.awakeable("Documents of Ada").resolve(PASSPORT)
    await awaken_env.approval().answer(Review(approved=True), by=GRACE)

    await awaken_env.advance(days=5)

    outcome = await awaken_env.client.attach(invocation, type_hint=Outcome)
    assert outcome.status == "expired"
    assert subjects(outbox, LINUS).count("Reminder: Verify Ada?") == 2
    assert "Reminder: Verify Ada?" not in subjects(outbox, GRACE)


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_no_crash_changes_the_outcome() -> None:
    """The decorator asserts that outcome and state are the same after every crash."""

    @crash_everywhere(app=kyc.app, max_positions=60)
    async def scenario(env: Environment) -> Outcome:
        invocation = await begin(env)
        await env.advance(days=3)
        await env.awakeable("Documents of Ada").resolve(PASSPORT)
        for reviewer in (GRACE, MARGARET):
            await env.approval().answer(Review(approved=True), by=reviewer)
        return await env.client.attach(invocation, type_hint=Outcome)

    await scenario()
