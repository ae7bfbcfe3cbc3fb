"""Plain awakeables with a title, which is journaled for those who answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import awaken
import pytest
from awaken.approvals import ApprovalDocument
from awaken.errors import TerminalError
from awaken.serde import JsonSerde
from awaken.testing import Environment, crash_everywhere, open_environment


@dataclass
class Decision:
    """An answer."""

    approved: bool
    comment: str = ""


def asking(**given: Any) -> tuple[awaken.Service, Any]:
    service = awaken.Service("Asking")

    @service.handler()
    async def ask(ctx: awaken.Context) -> str:
        awakeable = ctx.awakeable(**given)
        await ctx.sleep(60)  # the title does not wait for somebody who awaits the result
        return str(await awakeable)

    return service, ask


async def journal_of(service: awaken.Service, ask: Any) -> list[bytes]:
    async with open_environment(service) as env:
        await env.client.service_send(ask, None)
        await env.settle()
        return [bytes(payload) for (payload,) in env.fetch("SELECT payload FROM journal ORDER BY idx")]


async def test_title_is_journaled_with_the_schema() -> None:
    payloads = await journal_of(*asking(type_hint=Decision, title="Which way?"))

    (payload,) = [payload for payload in payloads if b"Which way?" in payload]
    document = ApprovalDocument.read(payload[payload.index(b"{") : payload.rindex(b"}") + 1])
    assert document is not None
    assert document.title == "Which way?"
    assert document.schema is not None
    assert document.schema["title"] == "Decision"
    assert any(b"question 17" in payload for payload in payloads)


@pytest.mark.parametrize("given", [{}, {"name": "way"}, {"type_hint": Decision}])
async def test_without_a_title_nothing_is_journaled(given: dict[str, Any]) -> None:
    assert not any(b"question" in payload for payload in await journal_of(*asking(**given)))


async def test_a_serde_of_ones_own_has_a_title_without_a_schema() -> None:
    payloads = await journal_of(*asking(serde=JsonSerde(), title="Which way?"))

    assert any(b"Which way?" in payload for payload in payloads)
    assert not any(b"schema" in payload for payload in payloads)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"title": 3}, "the title of ctx.awakeable"),
        ({"title": "x" * 70_000}, "the title of ctx.awakeable has 70000 bytes"),
        ({"title": "\ud800"}, "half of a character"),
    ],
)
async def test_mistakes_end_the_invocation(given: dict[str, Any], problem: str) -> None:
    service, ask = asking(**given)

    async with open_environment(service) as env:
        with pytest.raises(TerminalError, match=problem):
            await env.client.service_call(ask, None)
        env.take_failures()


TITLED, ASK = asking(type_hint=Decision, title="Which way?")


@crash_everywhere(app=TITLED)
async def test_a_title_survives_crashes_everywhere(env: Environment) -> str:
    sent = await env.client.service_send(ASK, None)
    await env.settle()
    await env.advance(minutes=2)
    await env.awakeable().resolve(Decision(True, "left"))
    return str(await env.client.attach(sent.invocation_id, type_hint=str))
