"""Signed links in front of a runtime: opened by programs and by forms, once, late, forged and all at once."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.callbacks import create_callback_app
from awaken.control.questions import find_question
from awaken.control.remote import connect_runtime
from awaken.links import Link, LinkSigner

from tests.e2e.services.callbacks import SETTINGS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

ANSWER = {"approved": True, "amount": 300, "cost": "office", "comment": "fine"}
RESULT = "True 300 office fine"


@asynccontextmanager
async def browse(lane: Lane) -> AsyncIterator[httpx.AsyncClient]:
    runtime = connect_runtime(lane.runtime.ingress_url, lane.runtime.admin_url)
    transport = httpx.ASGITransport(create_callback_app(settings=SETTINGS, operations=runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
        yield browser
    await runtime.close()


def ask(lane: Lane, effects: Effects, handler: str = "decide") -> tuple[str, str]:
    """Return invocation and path of a link that waits for an answer."""
    invocation = lane.client.send(f"Callbacks/{handler}", effects.path)
    url = effects.wait_for_one("link").split()[1]
    lane.client.wait_for_status(invocation, lane.waiting)
    return invocation, url.removeprefix("http://localhost/callbacks")


def errors_of(response: httpx.Response) -> list[str]:
    return [error["path"] for error in response.json()["errors"]]


async def test_program_answers_once(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)

    async with browse(lane) as browser:
        first = await browser.post(path, json=ANSWER)
        second = await browser.post(path, json=ANSWER)

    assert (first.status_code, second.status_code) == (200, 409)
    assert lane.client.attach(invocation) == RESULT
    assert len(effects.values("link")) == 1


async def test_invalid_answer_leaves_the_awakeable_open(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)
    wrong: list[Any] = [{}, {**ANSWER, "amount": "many"}, [], {**ANSWER, "cost": "luxury"}]

    async with browse(lane) as browser:
        refused = [await browser.post(path, json=answer) for answer in wrong]
        garbage = await browser.post(path, content=b"{", headers={"content-type": "application/json"})
        empty = await browser.post(path, content=b"", headers={"content-type": "application/json"})
        right = await browser.post(path, json=ANSWER)

    assert [response.status_code for response in refused] == [422] * len(wrong)
    assert errors_of(refused[1]) == ["$.amount"]
    assert (garbage.status_code, empty.status_code, right.status_code) == (422, 422, 200)
    assert lane.client.attach(invocation) == RESULT


async def test_person_answers_by_form(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)

    async with browse(lane) as browser:
        page = await browser.get(path)
        form = re.search(r'name="form" value="(\w+)"', page.text)
        assert form is not None
        fields = {f"field.{name}": str(value) for name, value in ANSWER.items()} | {"field.approved": "true"}
        wrong = await browser.post(
            path, data={"form": form.group(1), "do": "resolve", **fields, "field.amount": "1.5"}
        )
        sent = await browser.post(path, data={"form": form.group(1), "do": "resolve", **fields})

    assert "approve &lt;b&gt;now&lt;/b&gt;" in page.text
    assert "<b>now" not in page.text
    assert (page.status_code, wrong.status_code, sent.status_code) == (200, 422, 200)
    assert ">\nfine</textarea>" in wrong.text, "what was entered is still there"
    assert lane.client.attach(invocation) == RESULT


async def test_link_says_on_opening_that_it_was_answered(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)

    async with browse(lane) as browser:
        await browser.post(path, json=ANSWER)
        waiting = await browser.get(path)
        lane.client.attach(invocation)
        over = await browser.get(path)
        told = await browser.get(path, headers={"accept": "application/json"})

    assert (waiting.status_code, over.status_code, told.status_code) == (409, 409, 409)
    assert told.json()["outcome"]["answers"][0]["answer"] == ANSWER
    assert "There is an answer already" in waiting.text
    assert "<form" not in waiting.text + over.text


async def test_form_without_its_boolean_is_no_answer(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)

    async with browse(lane) as browser:
        page = await browser.get(path)
        form = re.search(r'name="form" value="(\w+)"', page.text)
        assert form is not None
        fields = {"field.amount": "3", "field.cost": "office", "field.comment": "fine"}
        sent = await browser.post(path, data={"form": form.group(1), "do": "resolve", **fields})

    assert sent.status_code == 422
    assert "choose yes or no" in sent.text
    assert not lane.client.is_completed(invocation)


async def test_opening_a_link_answers_nothing(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)

    async with browse(lane) as browser:
        pages = [await browser.request(method, path) for method in ("GET", "HEAD", "GET")]
        put = await browser.put(path, json=ANSWER)

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert put.status_code == 405
    assert not lane.client.is_completed(invocation)


async def test_rejection_reaches_the_handler(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)

    async with browse(lane) as browser:
        sent = await browser.post(path, params={"reject": "no budget"}, json={})

    assert sent.status_code == 200
    assert lane.client.failure(invocation).message == "no budget"


async def test_forms_of_other_sites_are_refused(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)

    async with browse(lane) as browser:
        without_cookie = await browser.post(path, data={"do": "reject", "reason": "x", "form": "0" * 64})
        await browser.get(path)
        without_token = await browser.post(path, data={"do": "reject", "reason": "x"})
        by_browser = await browser.post(path, data={"do": "reject"}, headers={"accept": "text/html,*/*"})
        as_text = await browser.post(path, content=b"{}", headers={"content-type": "text/plain"})

    assert [without_cookie.status_code, without_token.status_code, as_text.status_code] == [403, 403, 415]
    assert "Programs send JSON with content-type application/json." in without_cookie.json()["detail"]
    assert (by_browser.status_code, "Programs send JSON" in by_browser.text) == (403, True)
    assert not lane.client.is_completed(invocation)


async def test_expired_link_says_so_and_the_handler_goes_on(lane: Lane, effects: Effects) -> None:
    invocation = lane.client.send("Callbacks/hurried", effects.path)
    path = effects.wait_for_one("link").split()[1].removeprefix("http://localhost/callbacks")
    assert lane.client.attach(invocation) == "too late"

    async with browse(lane) as browser:
        asked, answered = await browser.get(path), await browser.post(path, json=ANSWER)

    assert (asked.status_code, answered.status_code) == (410, 410)


async def test_link_of_an_ended_invocation_is_gone(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)
    lane.client.kill(invocation)
    lane.client.wait_for_status(invocation, ("completed",))

    async with browse(lane) as browser:
        opened = await browser.get(path)
        answered = await browser.post(path, json=ANSWER)

    assert (opened.status_code, answered.status_code) == (410, 410)
    assert "waits for an answer any more" in opened.text
    assert "sign_1" not in opened.text
    assert "invocation" not in opened.text
    assert "sign_1" in answered.json()["detail"]


async def test_forged_links_open_nothing(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)
    token = path.strip("/")
    head, body, signature = token.split(".")
    link = SETTINGS.signer.verify(token)
    forged = [
        token[:-2],
        f"{head}.{body}.",
        f"{head}.{body}.{signature[::-1]}",
        LinkSigner({"test": b"x" * 32}).sign(link),
        LinkSigner({"other": b"x" * 32}).sign(link),
        "a.b.c",
        "x" * 5000,
    ]

    async with browse(lane) as browser:
        answers = [(await browser.post(f"/{one}", json=ANSWER)).status_code for one in forged]
        pages = [(await browser.get(f"/{one}")).text for one in forged]
        nowhere = await browser.post("/a/b", json=ANSWER)
        told = (await browser.post(f"/{token[:-2]}", json=ANSWER)).json()["detail"]

    assert all("Open the whole address from the message." in page for page in pages)
    assert not any("forged" in page or "Invalid" in page for page in pages)
    assert "damaged or forged" in told
    assert answers == [401] * len(forged)
    assert nowhere.status_code == 404
    assert not lane.client.is_completed(invocation)


async def test_answers_of_a_megabyte_are_refused(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)

    async with browse(lane) as browser:
        answered = await browser.post(path, json={**ANSWER, "comment": "x" * 1024 * 1024})

    assert answered.status_code == 413
    assert not lane.client.is_completed(invocation)


async def test_of_many_answers_at_once_one_is_applied(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)

    async with browse(lane) as browser:
        answers = await asyncio.gather(
            *(browser.post(path, json={**ANSWER, "amount": number}) for number in range(100))
        )

    codes = [answer.status_code for answer in answers]
    assert sorted(codes) == [200] + [409] * 99
    assert lane.client.attach(invocation) == f"True {codes.index(200)} office fine"


@pytest.mark.lanes("h2-v7-suspending")
async def test_inventory_tells_what_callbacks_are_for(lane: Lane, effects: Effects) -> None:
    invocation, path = ask(lane, effects)
    link = SETTINGS.signer.verify(path.strip("/"))
    runtime = connect_runtime(lane.runtime.ingress_url, lane.runtime.admin_url)

    page = await runtime.awakeables(service="Callbacks", limit=1000)
    await runtime.close()

    (found,) = [one for one in page.awakeables if one.invocation_id == invocation]
    assert (found.awakeable_id, found.name, found.labels) == (
        link.awakeable_id,
        "approve <b>now</b>",
        {"team": "red"},
    )
    assert (found.type_name, found.expires_at_ms) == (link.type_name, link.expires_at_ms)


@pytest.mark.lanes("h2-v6")
async def test_link_for_another_type_is_checked_against_that(lane: Lane, effects: Effects) -> None:
    _, path = ask(lane, effects)
    link = SETTINGS.signer.verify(path.strip("/"))
    unknown = Link(link.awakeable_id, link.name, "tests.e2e.services.callbacks:Missing", link.expires_at_ms)

    async with browse(lane) as browser:
        answered = await browser.post(f"/{SETTINGS.signer.sign(unknown)}", json=ANSWER)

    assert answered.status_code == 500
    assert "is not known in this process" in answered.json()["detail"]


async def test_question_in_detail_is_there_before_the_handler_waits_for_its_answer(
    lane: Lane, effects: Effects
) -> None:
    invocation = lane.client.send("Callbacks/explain", effects.path)
    awakeable_id, url = effects.wait_for_one("link").split()
    runtime = connect_runtime(lane.runtime.ingress_url, lane.runtime.admin_url)

    question = await find_question(runtime, awakeable_id)
    while question.document is None:
        question = await find_question(runtime, awakeable_id)
    await runtime.close()
    async with browse(lane) as browser:
        page = await browser.get(url.removeprefix("http://localhost/callbacks"))
        await browser.post(url.removeprefix("http://localhost/callbacks"), json=ANSWER)

    assert (question.title, question.document.data) == ("Pay invoice 4711?", {"amount": 300})
    assert "<strong>ACME</strong>" in page.text
    assert lane.client.attach(invocation) == "fine"
