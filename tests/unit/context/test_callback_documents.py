"""Callbacks with a question in detail: it is in the journal before anybody can open the link for long."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import awaken
import pytest
from awaken.approvals import ApprovalDocument
from awaken.links import CallbackSettings, LinkSigner, configure_callbacks
from awaken.links.description import ENTRY_PREFIX, read_description
from awaken.testing import open_environment

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Invoice:
    """What is asked about."""

    amount: Decimal
    rows: list[str]


@dataclass
class Decision:
    """An answer."""

    approved: bool
    comment: str = ""


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    configure_callbacks(CallbackSettings("http://links.test", LinkSigner({"test": b"k" * 32})))
    yield
    configure_callbacks(None)


def asking(**given: Any) -> tuple[awaken.Service, Any]:
    service = awaken.Service("Asking")

    @service.handler()
    async def ask(ctx: awaken.Context) -> str:
        callback = ctx.callback(Decision, name="pay", **given)
        await ctx.sleep(3600)  # the document does not wait for somebody who awaits the callback
        return (await callback).comment

    return service, ask


async def test_document_is_journaled_while_the_handler_waits_for_something_else() -> None:
    service, ask = asking(
        title="Pay?", details="**now**", data=Invoice(Decimal("1.50"), ["a"]), initial=Decision(True, "ok")
    )

    async with open_environment(service, always_replay=True) as env:
        sent = await env.client.service_send(ask, None)
        await env.settle()
        values = env.fetch("SELECT payload FROM journal WHERE instr(payload, 'details') > 0")
        await env.advance(hours=2)
        await env.awakeable("pay").resolve(Decision(True, "fine"))
        outcome = await env.client.attach(sent.invocation_id, type_hint=str)

    assert outcome == "fine"
    (payload,) = [bytes(payload) for (payload,) in values]
    document = ApprovalDocument.read(payload[payload.index(b"{") : payload.rindex(b"}") + 1])
    assert document is not None
    assert (document.title, document.details) == ("Pay?", "**now**")
    assert document.data == {"amount": "1.50", "rows": ["a"]}
    assert document.initial == {"approved": True, "comment": "ok"}
    assert document.schema is not None


@pytest.mark.parametrize(("given", "has_document"), [({}, False), ({"title": "Pay?"}, True)])
async def test_only_a_question_in_detail_has_a_document(given: dict[str, str], has_document: bool) -> None:
    service, ask = asking(**given)

    async with open_environment(service) as env:
        await env.client.service_send(ask, None)
        await env.settle()
        payloads = [bytes(payload) for (payload,) in env.fetch("SELECT payload FROM journal")]

    names = [
        payload[payload.index(ENTRY_PREFIX.encode()) :].decode(errors="replace")
        for payload in payloads
        if ENTRY_PREFIX.encode() in payload
    ]
    (name,) = names
    description = read_description(name[: name.rindex("}") + 1])
    assert description is not None
    assert description.has_document is has_document
    assert any(b"question 17" in payload for payload in payloads) is has_document


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"title": 3}, "the title of callback"),
        ({"details": b"x"}, "the details of callback"),
        ({"details": "x" * 70_000}, 'the details of callback "pay" has 70000 bytes'),
        ({"data": "x" * 70_000}, "have 700"),
        ({"data": object()}, "cannot write the data of callback"),
        ({"data": {"a": "\ud800"}}, "half of a character"),
        ({"details": "\ud800"}, "half of a character"),
        ({"initial": "yes"}, 'initial of callback "pay" is not an answer'),
        ({"initial": {"comment": "x"}}, 'initial of callback "pay" is not an answer'),
    ],
)
async def test_what_no_page_can_show_is_refused(given: dict[str, Any], problem: str) -> None:
    service, ask = asking(**given)

    async with open_environment(service) as env:
        with pytest.raises(awaken.TerminalError) as caught:
            await env.client.service_call(ask, None)

    assert problem in str(caught.value)


async def test_links_are_text() -> None:
    service = awaken.Service("Texts")

    @service.handler()
    async def texts(ctx: awaken.Context) -> list[str]:
        callback = ctx.callback(bool, name="n")
        return [f"{callback}", str(callback.link), callback.url]

    async with open_environment(service) as env:
        found = await env.client.service_call(texts, None)

    assert found[0] == found[1] == found[2]
    assert found[0].startswith("http://links.test/")


async def test_forgotten_await_of_an_answer_is_no_yes() -> None:
    service = awaken.Service("Forgotten")

    @service.handler()
    async def forget(ctx: awaken.Context) -> str:
        return "yes" if ctx.wait_for_callback(print, bool, name="sure?") else "no"

    async with open_environment(service) as env:
        with pytest.raises(awaken.TerminalError, match=r'callback "sure[?]" was used before it was awaited'):
            await env.client.service_call(forget, None)
