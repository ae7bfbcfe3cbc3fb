"""The example of an approval by mail, through a week without an answer."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks
from awaken.testing import Environment, crash_everywhere, open_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
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


def expense(example: ModuleType, *approvers: str) -> object:
    return example.Expense("a desk", 300, list(approvers))


@pytest.mark.slow
async def test_reminder_comes_after_a_day_and_the_next_approver_after_three(
    example: ModuleType, tmp_path: Path
) -> None:
    async with open_environment(example.app) as env:
        sent = await env.client.service_send(example.submit, arg=expense(example, "ada", "grace"))
        await env.settle()
        first = mails(tmp_path)
        await env.advance(days=1, seconds=1)
        reminded = mails(tmp_path)
        await env.advance(days=2)
        await env.settle()
        escalated = mails(tmp_path)
        await env.awakeable("Approve a desk for 300 EUR, grace").resolve(example.Decision(True, "at last"))
        outcome = await env.client.attach(sent.invocation_id, type_hint=str)

    assert first == [("ada", "a desk")]
    assert reminded == [*first, ("ada", "Reminder: a desk")]
    assert escalated == [*reminded, ("grace", "a desk")]
    assert outcome == "approved by grace at last"


@pytest.mark.slow
async def test_nobody_answering_declines(example: ModuleType) -> None:
    async with open_environment(example.app) as env:
        sent = await env.client.service_send(example.submit, arg=expense(example, "ada"))
        await env.settle()
        await env.advance(days=3, seconds=1)
        outcome = await env.client.attach(sent.invocation_id, type_hint=str)

    assert outcome == "declined: no answer"


@pytest.mark.slow
async def test_no_crash_changes_the_outcome(example: ModuleType) -> None:
    """The decorator asserts: it fails at the first crash after which result, state or invocations differ."""

    @crash_everywhere(app=example.app)
    async def scenario(env: Environment) -> str:
        sent = await env.client.service_send(example.submit, arg=expense(example, "ada"))
        await env.awakeable().resolve(example.Decision(approved=False))
        return await env.client.attach(sent.invocation_id, type_hint=str)

    await scenario()
