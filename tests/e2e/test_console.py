"""The console in front of a runtime, used as by a browser without JavaScript."""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager
from html import unescape
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
from awaken.control.remote import connect_runtime
from awaken.inbox import create_inbox

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.e2e.lanes import Lane

pytestmark = pytest.mark.lanes("h2-v6", "h2-v7-suspending")
EVIL = "<script>alert('x')</script>"


@asynccontextmanager
async def browse(lane: Lane) -> AsyncIterator[httpx.AsyncClient]:
    runtime = connect_runtime(lane.runtime.ingress_url, lane.runtime.admin_url)
    transport = httpx.ASGITransport(create_inbox(runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://inbox", timeout=30) as browser:
        yield browser
    await runtime.close()


def fields_of(page: httpx.Response) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found}


def rows_of(page: httpx.Response) -> list[str]:
    """Return the text of each row of a timeline."""
    rows = re.findall(r'<li class="row (.*?)</summary>', page.text, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]*>", " ", row.partition(">")[2])).split()) for row in rows]


def shipped(lane: Lane, key: str) -> str:
    """Return an invocation that waits for a receipt, after its plain awakeable was resolved."""
    invocation = lane.client.send(f"Shipping/{key}/ship", {"weight": 2.5})
    sql = f"SELECT value_utf8 FROM state WHERE service_name = 'Shipping' AND service_key = '{key}' AND key = 'plain'"
    (row,) = eventually(lambda: lane.client.query(sql), bool, what="the id of an awakeable")
    lane.client.resolve(json.loads(row["value_utf8"]), b'"ok"')
    sql = f"SELECT name FROM sys_journal WHERE id = '{invocation}' AND name LIKE 'callback %'"
    eventually(lambda: lane.client.query(sql), bool, what="a callback")
    lane.client.wait_for_status(invocation, lane.waiting)
    return invocation


async def test_timeline_tells_what_an_invocation_did_and_waits_for(lane: Lane) -> None:
    key = f"k-{uuid4().hex[:8]}"
    invocation = shipped(lane, key)

    async with browse(lane) as browser:
        page = await browser.get(f"/invocations/{invocation}")
        index = re.search(r'/entries/(\d+)">Argument', page.text)
        assert index is not None
        value = await browser.get(f"/invocations/{invocation}/entries/{index[1]}")
        absent = await browser.get(f"/invocations/{invocation}/entries/9999")
        lane.client.kill(invocation)
        lane.client.wait_for_status(invocation, ("completed",))
        ended = await browser.get(f"/invocations/{invocation}")

    rows = rows_of(page)
    for begin in (
        *("Start", "Set status", "Get status", "Run print label", "Sleep let it dry", "Call Greeter/greet"),
        *("Send Tally/parcels/add", "Set plain", "Awakeable 17", "Callback Signed at the door?"),
    ):
        assert any(row.startswith(begin) for row in rows), (begin, rows)
    assert "waits" in next(row for row in rows if row.startswith("Callback"))
    assert "waits" not in next(row for row in rows if row.startswith("Awakeable"))
    assert "Waits for <b>Signed at the door?</b>" in page.text
    assert re.search(r'href="/awakeables/sign_1[\w-]+">Answer', page.text)
    assert "team: drivers" in page.text
    assert f"&#34;{key}&#34;" in value.text
    assert absent.status_code == 404
    assert "Waits for" not in ended.text
    assert "left open" in next(row for row in rows_of(ended) if row.startswith("Callback"))
    assert "[409] killed" in ended.text


async def test_pending_invocation_leads_to_the_one_that_has_its_key(lane: Lane) -> None:
    key = f"k-{uuid4().hex[:8]}"
    first = shipped(lane, key)
    second = lane.client.send(f"Shipping/{key}/fail", "later")
    lane.client.wait_for_status(second, ("pending",))

    async with browse(lane) as browser:
        page = await browser.get(f"/invocations/{second}")
        ask = await browser.get(f"/invocations/{second}/cancel")
        await browser.post(f"/invocations/{second}/cancel", data={**fields_of(ask), "do": "cancel"})
    lane.client.kill(first)

    assert "Waits for its turn at" in page.text
    assert f'href="/invocations/{first}">Show it' in page.text


async def test_failing_invocation_shows_its_attempts_and_can_be_ended(lane: Lane) -> None:
    key = f"k-{uuid4().hex[:8]}"
    invocation = lane.client.send(f"Shipping/{key}/lose", EVIL)
    sql = f"SELECT id FROM sys_invocation WHERE id = '{invocation}' AND status = 'backing-off'"
    eventually(lambda: lane.client.query(sql), bool, what="a failed attempt")

    async with browse(lane) as browser:
        page = await browser.get(f"/invocations/{invocation}")
        listed = await browser.get("/invocations", params={"service": "Shipping", "key": key})
        others = await browser.get("/invocations", params={"status": "suspended", "key": key})
        young = await browser.get("/invocations", params={"age": "under-1h", "id": invocation[:20]})
        old = await browser.get("/invocations", params={"age": "over-1h", "id": invocation[:20]})
        impossible = await browser.get(f"/invocations/{invocation}/purge")
        unknown = await browser.get(f"/invocations/{invocation}/explode")
        ask = await browser.get(f"/invocations/{invocation}/kill")
        bare = await browser.post(f"/invocations/{invocation}/kill", data={"do": "kill"})
        killed = await browser.post(f"/invocations/{invocation}/kill", data={**fields_of(ask), "do": "kill"})
        after = await browser.get(killed.headers["location"])
        again = await browser.post(f"/invocations/{invocation}/kill", data={**fields_of(ask), "do": "kill"})

    assert EVIL not in page.text + listed.text + after.text
    assert "backing off" in page.text
    assert "Traceback" in page.text
    assert "is-current" in page.text
    assert invocation in listed.text
    assert invocation not in others.text
    assert invocation in young.text
    assert invocation not in old.text
    assert (impossible.status_code, unknown.status_code, bare.status_code) == (409, 404, 403)
    assert killed.status_code == 303
    assert "It was killed" in after.text
    assert 'href="/invocations/' + invocation + '/cancel"' not in after.text
    assert again.status_code == 409
    assert "already completed" in again.text


async def test_failing_invocation_is_paused_and_resumed(lane: Lane) -> None:
    invocation = lane.client.send(f"Shipping/k-{uuid4().hex[:8]}/lose", "out of reach")
    lane.client.wait_for_status(invocation, ("backing-off",))

    async with browse(lane) as browser:

        async def change(name: str) -> httpx.Response:
            path = f"/invocations/{invocation}/{name}"
            return await browser.post(path, data={**fields_of(await browser.get(path)), "do": name})

        paused = await change("pause")
        lane.client.wait_for_status(invocation, ("paused",))
        page = await browser.get(paused.headers["location"])
        listed = await browser.get("/invocations", params={"status": "paused"})
        resumed = await change("resume")
        lane.client.wait_for_status(invocation, ("running", "backing-off"))
        lane.client.kill(invocation)

    assert (paused.status_code, resumed.status_code) == (303, 303)
    assert "Paused after a failure" in page.text
    assert "It is paused." in page.text
    assert re.search(r"Attempts that failed.*?\d\d:\d\d:\d\d UTC</time>", page.text, re.DOTALL)
    assert "current failure" in page.text
    assert "out of reach" in page.text
    assert "is-current" in page.text
    assert "tried again" not in page.text
    assert invocation in listed.text


async def test_completed_invocation_is_restarted_and_deleted(lane: Lane) -> None:
    invocation = lane.client.send("Shipping/restarts/fail", "no luck")
    lane.client.wait_for_status(invocation, ("completed",))

    async with browse(lane) as browser:

        async def change(name: str) -> httpx.Response:
            path = f"/invocations/{invocation}/{name}"
            ask = await browser.get(path)
            return await browser.post(path, data={**fields_of(ask), "do": name})

        listed = await browser.get("/invocations", params={"status": "failed", "key": "restarts"})
        called = await browser.get("/invocations", params={"parent": invocation})
        restarted = await change("restart")
        new = await browser.get(restarted.headers["location"])
        lane.client.wait_for_status(restarted.headers["location"].split("/")[2].split("?")[0], ("completed",))
        trimmed = await change("purge-journal")
        bare = await browser.get(f"/invocations/{invocation}")
        purged = await change("purge")
        gone = await browser.get(f"/invocations/{invocation}")

    assert invocation in listed.text
    assert "No invocation fits" in called.text
    assert restarted.status_code == 303
    assert f'href="/invocations/{invocation}"' in new.text  # restarted from
    assert (trimmed.status_code, purged.status_code, gone.status_code) == (303, 303, 404)
    assert "The journal is empty" in bare.text
    assert "no luck" in bare.text


async def test_services_are_shown_and_called(lane: Lane) -> None:
    key = f"a/b {uuid4().hex[:6]} é"

    async with browse(lane) as browser:
        listed = await browser.get("/services")
        service = await browser.get("/services/Shipping")
        form = await browser.get("/services/Shipping/fill")
        fields = {**fields_of(form), "key": key, "value": json.dumps({"n": 1, "evil": EVIL})}
        wrong = await browser.post("/services/Shipping/fill", data={**fields, "value": "{", "do": "call"})
        called = await browser.post("/services/Shipping/fill", data={**fields, "do": "call"})
        result = await browser.get(called.headers["location"])
        twice = await browser.post("/services/Shipping/fill", data={**fields, "do": "send"})
        known = await browser.get(twice.headers["location"])
        slow = await browser.get("/services/Shipping/ship")
        inputs = {**fields_of(slow), "key": key, "field.weight": "2", "do": "send"}
        sent = await browser.post("/services/Shipping/ship", data=inputs)
        shown = await browser.get(sent.headers["location"])
        missing = [
            (await browser.get(path)).status_code for path in ("/services/No", "/services/Shipping/no")
        ]
        keyless = await browser.post("/services/Shipping/fill", data={**fields, "key": "", "do": "call"})

    assert "/services/Shipping/ship" in listed.text
    assert "JSON &#39;Parcel&#39;" in service.text
    assert wrong.status_code == keyless.status_code == 422
    assert (called.status_code, twice.status_code) == (303, 303)
    assert '<pre class="value is-JSON" tabindex="0">2</pre>' in result.text
    assert "sent before" in known.text
    # The ingress is on the machine that the browser knows as `inbox`.
    port = lane.runtime.ingress_url.rpartition(":")[2]
    assert f"http://inbox:{port}/Shipping/KEY/ship" in slow.text
    assert sent.status_code == 303
    assert "It was sent" in shown.text
    assert missing == [404, 404]


async def test_state_is_shown_and_edited_unless_somebody_else_changed_it(lane: Lane) -> None:
    key = f"s/{uuid4().hex[:6]} é%_'"
    place = {"service": "Shipping", "key": key}
    values: dict[str, Any] = {"n": 1, EVIL: {"a": EVIL}, "large": "x" * 300_000}

    async with browse(lane) as browser:
        form = await browser.get("/services/Shipping/fill")
        fields = {**fields_of(form), "key": key, "value": json.dumps(values), "do": "call"}
        await browser.get((await browser.post("/services/Shipping/fill", data=fields)).headers["location"])
        keys = await browser.get("/state", params={"service": "Shipping", "prefix": key[:-2]})
        shown = await browser.get("/state/key", params=place)
        large = await browser.get("/state/value", params={**place, "name": "large"})
        edit = await browser.get("/state/edit", params={**place, "name": "n"})
        second = await browser.get("/state/edit", params={**place, "name": "n"})
        data = {**fields_of(edit), "kind": "json", "value": "2", "do": "save"}
        no_json = await browser.post(
            "/state/edit", params={**place, "name": "n"}, data={**data, "value": "{"}
        )
        saved = await browser.post("/state/edit", params={**place, "name": "n"}, data=data)
        after = await browser.get(saved.headers["location"])
        late = {**fields_of(second), "kind": "json", "value": "3", "do": "save"}
        conflict = await browser.post("/state/edit", params={**place, "name": "n"}, data=late)
        add = await browser.get("/state/edit", params=place)
        added = {**fields_of(add), "name": "text", "kind": "text", "value": "plain", "do": "save"}
        await browser.post("/state/edit", params=place, data=added)
        ask = await browser.get("/state/delete", params={**place, "name": EVIL})
        deleted = await browser.post(
            "/state/delete", params={**place, "name": EVIL}, data={**fields_of(ask), "do": "delete"}
        )
        absent = await browser.get("/state/delete", params={**place, "name": EVIL})

    quoted = key.replace("'", "''")
    sql = f"SELECT key, value_utf8 FROM state WHERE service_name = 'Shipping' AND service_key = '{quoted}'"
    found = {row["key"]: row["value_utf8"][:8] for row in lane.client.query(sql)}
    assert found == {"n": "2", "large": '"xxxxxxx', "text": "plain"}
    assert EVIL not in keys.text + shown.text + after.text + ask.text
    assert "/state/key?service=Shipping" in keys.text
    assert "too large" in large.text
    assert "The state was changed" in after.text
    assert (no_json.status_code, saved.status_code, deleted.status_code) == (422, 303, 303)
    assert conflict.status_code == 409
    assert "was changed since you opened the page" in conflict.text
    assert absent.status_code == 404


async def test_deployments_are_listed(lane: Lane) -> None:
    async with browse(lane) as browser:
        page = await browser.get("/deployments")

    assert page.status_code == 200
    assert lane.deployment_id in page.text
    assert lane.endpoint.url in page.text
    assert "/services/Shipping" in page.text
