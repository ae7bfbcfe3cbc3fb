"""The code in the pages about deploying, observing and completing works, or names what exists."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken import CallbackSettings, LinkSigner, configure_callbacks
from awaken.testing import AnswerRefusedError, open_environment
from pydantic_ai.models.test import TestModel

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def blocks(page: str) -> list[str]:
    return re.findall(r"```python[^\n]*\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def section(page: str, title: str) -> list[str]:
    """Return the blocks below a heading of the second level."""
    _, _, rest = (DOCS / page).read_text().partition(f"\n## {title}\n")
    return re.findall(r"```python[^\n]*\n(.*?)```", rest.partition("\n## ")[0], re.DOTALL)


@pytest.fixture(autouse=True)
def _examples(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let `approval` be the README's example, and forget the modules of the pages."""
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    yield
    for name in ("approval", "documented"):
        sys.modules.pop(name, None)


def run(code: str) -> dict[str, Any]:
    sys.modules["documented"] = module = ModuleType("documented")
    exec(compile(code, "docs", "exec", dont_inherit=True), module.__dict__)
    return module.__dict__


async def test_ways_to_ask_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWAKEN_SLACK_TOKEN", "xoxb-token")
    monkeypatch.setenv("AWAKEN_SLACK_SIGNING_SECRET", "secret")
    configure_callbacks(CallbackSettings("https://links.example.org", LinkSigner({"test": b"k" * 32})))
    first, *more = blocks("how-to/approvals.md")
    monkeypatch.setitem(sys.modules, "first", ModuleType("first"))
    exec(compile(first, "docs", "exec", dont_inherit=True), sys.modules["first"].__dict__)
    documented = run("\n".join(more))
    try:
        async with open_environment(documented["app"]) as env:
            await documented["test_invoice_is_paid"](env)
            invoice = {
                "number": "4711",
                "vendor": "ACME",
                "amount": "1200.00",
                "requester": "ada@example.com",
            }
            asked = {
                name: await env.client.generic_send("payments", name, json.dumps(invoice).encode())
                for name in ("check", "transfer", "order")
            }
            await env.approval("Pay invoice 4711?").answer(
                documented["Decision"](True, account="office"), by="lead@example.com"
            )
            transfer = env.approval("Transfer 1200.00?")
            with pytest.raises(AnswerRefusedError):
                await transfer.answer(awaken.Approval(True), by="ada@example.com", groups=["finance"])
            await transfer.answer(awaken.Approval(True), by="cfo@example.com", groups=["finance"])
            await transfer.answer(awaken.Approval(True), by="lead@example.com")
            results = {
                name: await env.client.attach(asked[name].invocation_id) for name in ("check", "transfer")
            }
            await env.advance(days=3)
            results["order"] = await env.client.attach(asked["order"].invocation_id)
    finally:
        configure_callbacks(None)

    assert results == {
        "check": {"approved": True, "account": "office", "comment": ""},
        "transfer": "cfo@example.com, lead@example.com",
        "order": "nobody decided",
    }


def test_agents_of_openai() -> None:
    (code,) = section("how-to/agents.md", "OpenAI Agents SDK")

    documented = run(code)

    assert list(documented["chat"].handlers) == ["ask"]
    assert [tool.name for tool in documented["agent"].tools] == ["approve"]


@pytest.mark.slow
def test_agents_of_google_adk() -> None:
    (code,) = section("how-to/agents.md", "Google ADK")

    documented = run(code)

    assert list(documented["chat"].handlers) == ["ask"]
    assert [plugin.name for plugin in documented["runner"].app.plugins] == ["restate_plugin"]


async def test_agents_of_pydantic_ai(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    (code,) = section("how-to/agents.md", "Pydantic AI")
    documented = run(code)

    async with open_environment(documented["app"]) as env:
        with documented["agent"].override(model=TestModel()):
            said = asyncio.create_task(env.client.object_call(documented["say"], "claim", "A claim of 3000"))
            await env.awakeable().resolve("granted")
            answer = await said
        stored = env.state("Claims", "claim")["messages"]

    assert answer == '{"ask_reviewer":"granted"}'
    assert [message["kind"] for message in stored] == ["request", "response"] * 2
