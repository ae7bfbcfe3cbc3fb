"""The example of an approval by mail, through days without an answer."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import awaken
import pytest
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks
from awaken.testing import AnswerRefusedError, Environment, crash_everywhere, open_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
LEAD, GRACE, CFO = "lead@example.com", "grace@example.com", "cfo@example.com"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    monkeypatch.delenv("SMTP_URL", raising=False)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    sys.modules.pop("expense_approval", None)
    module = importlib.import_module("expense_approval")
    monkeypatch.setattr(module, "OUTBOX", tmp_path)
    configure_callbacks(CallbackSettings("http://localhost/callbacks", LinkSigner({"test": b"k" * 32})))
    yield module
    configure_callbacks(None)


def mails(folder: Path) -> list[tuple[str, str]]:
    """Return receiver and subject of each mail."""
    outbox = folder / "mail.txt"
    lines = outbox.read_text().splitlines() if outbox.exists() else []
    heads = [line.partition(": ")[2] for line in lines if line.startswith(("To: ", "Subject: "))]
    return list(zip(heads[::2], heads[1::2], strict=True))


async def submit(env: Environment, example: ModuleType, requester: str = "ada@example.com") -> str:
    expense = example.Expense("a desk", example.Decimal("300.00"), requester)
    sent = await env.client.service_send(example.submit, arg=expense)
    await env.settle()
    return str(sent.invocation_id)


async def test_reminder_comes_after_a_day_and_the_next_approver_after_two(
    example: ModuleType, tmp_path: Path
) -> None:
    async with open_environment(example.app) as env:
        invocation = await submit(env, example)
        first = mails(tmp_path)
        await env.advance(days=1)
        reminded = mails(tmp_path)
        await env.advance(days=1)
        escalated = mails(tmp_path)
        await env.approval("Buy a desk?").answer(awaken.Approval(True, "at last"), by=CFO)
        outcome = await env.client.attach(invocation, type_hint=str)

    assert [person for person, _ in first] == [LEAD, GRACE]
    assert reminded[2:] == [(LEAD, "Reminder: Buy a desk?"), (GRACE, "Reminder: Buy a desk?")]
    assert escalated[4:] == [(CFO, "Escalated: Buy a desk?")]
    assert outcome == f"approved by {CFO} at last"
    assert [person for person, subject in mails(tmp_path) if subject.startswith("Approved")] == [
        LEAD,
        GRACE,
        CFO,
    ]
    assert "Amount     300.00" in (tmp_path / "mail.txt").read_text()


async def test_nobody_approves_an_expense_of_their_own(example: ModuleType, tmp_path: Path) -> None:
    async with open_environment(example.app) as env:
        invocation = await submit(env, example, requester=LEAD)
        with pytest.raises(AnswerRefusedError):
            await env.approval().answer(awaken.Approval(True), by=LEAD)
        await env.approval().reject("we have desks", by=GRACE)
        outcome = await env.client.attach(invocation, type_hint=str)

    assert mails(tmp_path)[0][0] == GRACE
    assert outcome == f"declined by {GRACE} we have desks"


async def test_nobody_answering_declines(example: ModuleType) -> None:
    async with open_environment(example.app) as env:
        invocation = await submit(env, example)
        await env.advance(days=3)

        assert (
            await env.client.attach(invocation, type_hint=str) == "declined by nobody no answer in three days"
        )


@pytest.mark.slow
async def test_no_crash_changes_the_outcome(example: ModuleType) -> None:
    """The decorator asserts: it fails at the first crash after which result, state or invocations differ."""

    @crash_everywhere(app=example.app, max_positions=50)
    async def scenario(env: Environment) -> str:
        invocation = await submit(env, example)
        await env.advance(days=2)
        await env.approval().answer(awaken.Approval(approved=False), by=GRACE)
        return await env.client.attach(invocation, type_hint=str)

    await scenario()
