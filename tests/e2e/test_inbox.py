"""The inbox in front of a runtime, used as by a browser without JavaScript."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from awaken import _core
from awaken.control.remote import connect_runtime
from awaken.inbox import create_inbox
from awaken.inbox.visitors import VisitorHeaders
from awaken.links import add_type_module

import tests.e2e.services.callbacks
import tests.e2e.services.office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

pytestmark = pytest.mark.lanes("h2-v7-suspending")
FIELDS = {"field.approved": "true", "field.amount": "3", "field.cost": "travel", "field.comment": "ok"}
UNKNOWN = "inv_1gSt6v4GyGnv2W0vt2p4mNl9JM4N5LL3tr"


@asynccontextmanager
async def browse(lane: Lane, visitors: VisitorHeaders | None = None) -> AsyncIterator[httpx.AsyncClient]:
    for module in (tests.e2e.services.callbacks, tests.e2e.services.office):
        add_type_module(module.__name__)  # as `--types` does
    runtime = connect_runtime(lane.runtime.ingress_url, lane.runtime.admin_url)
    transport = httpx.ASGITransport(create_inbox(runtime, visitors))
    async with httpx.AsyncClient(transport=transport, base_url="http://inbox") as browser:
        yield browser
    await runtime.close()


def ask(lane: Lane, effects: Effects) -> tuple[str, str]:
    """Return invocation and awakeable of a callback that waits."""
    invocation = lane.client.send("Callbacks/decide", effects.path)
    awakeable = effects.wait_for_one("link").split()[0]
    lane.client.wait_for_status(invocation, lane.waiting)
    return invocation, awakeable


def token_in(page: httpx.Response) -> str:
    found = re.search(r'name="form" value="(\w+)"', page.text)
    assert found is not None, page.text
    return found.group(1)


async def test_what_waits_is_listed_and_answered(lane: Lane, effects: Effects) -> None:
    invocation, awakeable = ask(lane, effects)

    async with browse(lane) as browser:
        listed = await browser.get("/")
        form = await browser.get(f"/awakeables/{awakeable}")
        fields = {"form": token_in(form), "do": "resolve", **FIELDS}
        wrong = await browser.post(f"/awakeables/{awakeable}", data={**fields, "field.amount": "x"})
        sent = await browser.post(f"/awakeables/{awakeable}", data=fields)
        again = await browser.post(f"/awakeables/{awakeable}", data=fields)
        confirmed = await browser.get(sent.headers["location"])
        lane.client.attach(invocation)
        shown = await browser.get(f"/invocations/{invocation}")

    assert f"/awakeables/{awakeable}" in listed.text
    assert "approve &lt;b&gt;now&lt;/b&gt;" in listed.text
    assert "team: red" in listed.text
    assert (wrong.status_code, sent.status_code, again.status_code) == (422, 303, 409)
    assert "has a result already; the first one counts" in again.text
    assert sent.headers["location"] == f"/awakeables/{awakeable}"
    assert "It is recorded" in confirmed.text
    assert "<svg" in shown.text
    assert "Callback" in shown.text


async def test_invocations_are_listed_and_ended(lane: Lane, effects: Effects) -> None:
    invocation, _ = ask(lane, effects)

    async with browse(lane) as browser:
        listed = await browser.get("/invocations", params={"status": "suspended"})
        page = await browser.get(f"/invocations/{invocation}/kill")
        refused = await browser.post(f"/invocations/{invocation}/kill", data={"do": "kill"})
        data = {"do": "kill", "form": token_in(page)}
        killed = await browser.post(f"/invocations/{invocation}/kill", data=data)
        missing = await browser.get(f"/invocations/{UNKNOWN}")
        garbage = await browser.get("/invocations/garbage")
        part = await browser.get("/", params={"part": "1"})

    assert invocation in listed.text
    assert re.search(r"Waits for <a [^>]+>approve &lt;b&gt;now&lt;/b&gt;</a>", listed.text)
    assert (refused.status_code, killed.status_code) == (403, 303)
    assert (missing.status_code, garbage.status_code) == (404, 400)
    assert "<html" not in part.text
    assert lane.client.failure(invocation).message == "killed"


async def test_an_approval_is_answered_by_name_and_stays_in_the_history(lane: Lane) -> None:
    given = {"title": "Pay <4711>?", "approvers": ["group:finance"], "quorum": 2, "data": {"amount": 12}}
    invocation = lane.client.send("Office/inv-4711/approve", given)
    lane.client.wait_for_status(invocation, lane.waiting)
    question = _core.format_awakeable_id(_core.parse_invocation_id(invocation), 17)
    path = f"/awakeables/{question}"
    lead = {"x-user": "lead@example.com", "x-groups": "finance"}
    cfo = {"x-user": "cfo@example.com", "x-groups": "finance,board"}
    stranger = {"x-user": "eve@example.com"}

    async with browse(lane, VisitorHeaders("X-User", "X-Groups")) as browser:
        listed = await browser.get("/?mine=1&q=inv-4711", headers=lead)
        not_hers = await browser.get("/?mine=1&q=inv-4711", headers=stranger)
        form = {"form": token_in(await browser.get(path, headers=lead)), "do": "yes"}
        refused = await browser.post(path, data=form, headers=stranger)
        first = await browser.post(path, data=form, headers=lead)
        twice = await browser.post(path, data=form, headers=lead)
        half = await browser.get(path, headers=cfo)
        second = await browser.post(path, data=form, headers=cfo)
        lane.client.wait_for_status(invocation, ("completed",))
        history = await browser.get("/history?person=cfo@example.com", headers=lead)
        over = await browser.get(path, headers=stranger)

    assert "Pay &lt;4711&gt;?" in listed.text
    assert ">Amount</span> 12<" in listed.text
    assert "0 of 2" in listed.text
    assert "Pay &lt;4711&gt;?" not in not_hers.text
    statuses = [one.status_code for one in (refused, first, twice, second, over)]
    assert statuses == [403, 303, 403, 303, 409]
    assert "has answered already" in twice.text
    assert "1 of 2 approved" in half.text
    assert "cfo@example.com from the inbox" in history.text
    assert "Pay &lt;4711&gt;?" in history.text
    assert "lead@example.com from the inbox" in over.text
    answered = lane.client.attach(invocation)
    assert (answered["approved"], answered["by"], answered["via"]) == (True, "cfo@example.com", "inbox")
