"""Links of approvals, opened by programs: who may answer, who was first, what is large, and scripts everywhere."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken.callbacks import create_callback_app
from awaken.control.remote import connect_runtime
from awaken.links import Link

from tests.e2e.services.callbacks import SETTINGS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

pytestmark = pytest.mark.lanes("h2-v7-suspending")
YES, NO = {"approved": True}, {"approved": False, "comment": "too dear"}
LEAD, CFO, FINANCE = "lead@example.com", "cfo@example.com", "group:finance"
SCRIPT = '"><script>alert(1)</script>\u202e'


@asynccontextmanager
async def browse(lane: Lane) -> AsyncIterator[httpx.AsyncClient]:
    runtime = connect_runtime(lane.runtime.ingress_url, lane.runtime.admin_url)
    transport = httpx.ASGITransport(create_callback_app(settings=SETTINGS, operations=runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
        yield browser
    await runtime.close()


def ask(lane: Lane, effects: Effects, people: list[str], **given: Any) -> tuple[str, list[str]]:
    """Return invocation and paths of the links of people."""
    facts = {"effects": effects.path, "answer": "approval", "approvers": people, **given}
    invocation = lane.client.send("Purchasing/order", facts)
    found = dict(one.split() for one in effects.wait_for("link", len(people)))
    lane.client.wait_for_status(invocation, lane.waiting)
    return invocation, [found[person].removeprefix("http://localhost/callbacks") for person in people]


async def test_each_link_answers_for_its_person(lane: Lane, effects: Effects) -> None:
    invocation, (lead, finance, cfo) = ask(lane, effects, [LEAD, FINANCE, CFO], quorum=2)

    async with browse(lane) as browser:
        first = await browser.post(lead, json=YES)
        twice = await browser.post(lead, json=NO)
        waiting = await browser.get(finance)
        answered = await browser.get(lead)
        second = await browser.post(finance, json=YES)
        late = await browser.post(cfo, json=NO)
        decided = await browser.get(cfo)

    assert [one.status_code for one in (first, twice, waiting, answered, second, late, decided)] == [
        *(200, 409, 200, 409, 200, 409, 409)
    ]
    assert first.json()["outcome"] == {"is_decided": False, "is_approved": None, "missing": 1}
    assert "1 more approval is needed" in first.json()["detail"]
    assert "has answered already" in twice.json()["detail"]
    assert "1 of 2 have approved" in waiting.text
    assert "by lead@example.com" in waiting.text
    assert ("You cannot answer" in answered.text, "<form" in answered.text) == (False, False)
    assert second.json()["outcome"]["is_approved"] is True
    told = late.json()["outcome"]["first"]
    assert (told["by"], told["via"], told["answer"]) == (FINANCE, "link", YES)
    assert "This was approved" in decided.text
    assert "by the group finance" in decided.text
    assert lane.client.attach(invocation)["by"] == FINANCE


async def test_programs_read_how_a_question_stands(lane: Lane, effects: Effects) -> None:
    _, (lead, cfo) = ask(lane, effects, [LEAD, CFO], quorum=2)
    as_json = {"accept": "application/json"}

    async with browse(lane) as browser:
        waiting = await browser.get(lead, headers=as_json)
        await browser.post(lead, json=YES)
        twice = await browser.get(lead, headers=as_json)
        half = await browser.get(cfo, headers=as_json)
        await browser.post(cfo, json=YES)
        decided = await browser.get(cfo, headers=as_json)
        damaged = await browser.get(f"{cfo}x", headers=as_json)
        page = await browser.get(cfo, headers={"accept": "text/html, application/json;q=0.9"})

    found = [one.json() for one in (waiting, twice, half, decided, damaged)]
    assert [one["status"] for one in found] == [200, 409, 200, 409, 401]
    assert [one.status_code for one in (waiting, twice, half, decided, damaged)] == [200, 409, 200, 409, 401]
    assert found[0]["outcome"] == {"is_decided": False, "is_approved": None, "missing": 2, "answers": []}
    assert "2 approvals" in found[0]["detail"]
    assert [one["by"] for one in found[2]["outcome"]["answers"]] == [LEAD]
    assert found[3]["title"] == "This was approved"
    assert found[3]["outcome"]["answers"][1]["answer"] == YES
    assert page.headers["content-type"].startswith("text/html")


async def test_control_characters_of_a_comment_are_in_no_page(lane: Lane, effects: Effects) -> None:
    _, (lead, cfo) = ask(lane, effects, [LEAD, CFO], quorum=2)

    async with browse(lane) as browser:
        answered = await browser.post(lead, json={"approved": True, "comment": "a\0b\x1bc"})
        page = await browser.get(cfo)

    assert answered.status_code == 200
    assert r"a\x00b\x1bc" in page.text
    assert not {"\0", "\x1b"} & set(page.text)


async def test_of_two_answers_at_once_one_is_applied_and_the_other_learns_by_whom(
    lane: Lane, effects: Effects
) -> None:
    people = [f"person{number}@example.com" for number in range(10)]
    invocation, paths = ask(lane, effects, people)

    async with browse(lane) as browser:
        answers = await asyncio.gather(*(browser.post(path, json=YES) for path in paths))

    codes = [one.status_code for one in answers]
    winner = people[codes.index(200)]
    assert sorted(codes) == [200] + [409] * 9
    assert {one.json()["outcome"]["first"]["by"] for one in answers} == {winner}
    assert lane.client.attach(invocation)["by"] == winner


async def test_person_who_may_not_answer_is_told_so(lane: Lane, effects: Effects) -> None:
    invocation, (path,) = ask(lane, effects, [LEAD])
    link = SETTINGS.signer.verify(path.strip("/"))
    stranger = Link(
        link.awakeable_id, link.name, link.type_name, link.expires_at_ms, is_approval=True, person=CFO
    )

    async with browse(lane) as browser:
        url = f"/{SETTINGS.signer.sign(stranger)}"
        opened, answered = await browser.get(url), await browser.post(url, json=YES)

    assert (opened.status_code, answered.status_code) == (403, 403)
    assert "cfo@example.com was not asked to answer this" in opened.text
    assert "<button" not in opened.text
    assert answered.json()["detail"] == "cfo@example.com was not asked to answer this."
    assert not lane.client.is_completed(invocation)


async def test_rejection_by_json_and_by_form_says_who_and_why(lane: Lane, effects: Effects) -> None:
    invocation, (lead, cfo) = ask(lane, effects, [LEAD, CFO])

    async with browse(lane) as browser:
        page = await browser.get(cfo, params={"choose": "reject"})
        token = re.search(r'name="form" value="(\w+)"', page.text)
        assert token is not None
        form = {"form": token[1], "do": "no", "field.comment": "too dear"}
        sent = await browser.post(cfo, params={"choose": "reject"}, data=form)
        opened = await browser.get(lead)

    assert (page.status_code, sent.status_code, opened.status_code) == (200, 200, 409)
    assert "this is rejected now" in sent.text
    assert ("This was rejected" in opened.text, "too dear" in opened.text) == (True, True)
    answer = lane.client.attach(invocation)
    assert (answer["by"], "approved=False, comment='too dear'" in answer["answer"]) == (CFO, True)


async def test_following_links_of_mails_decides_nothing(lane: Lane, effects: Effects) -> None:
    invocation, (lead,) = ask(lane, effects, [LEAD])

    async with browse(lane) as browser:
        pages = [await browser.get(lead, params={"choose": one}) for one in ("approve", "reject", SCRIPT)]
        head = await browser.head(lead, params={"choose": "approve"})

    assert [page.status_code for page in (*pages, head)] == [200] * 4
    assert ["is-highlighted" in page.text.partition("</style>")[2] for page in pages] == [True, True, False]
    assert not lane.client.is_completed(invocation)


async def test_large_questions_open_and_large_answers_are_refused(lane: Lane, effects: Effects) -> None:
    details = "**ACME** sent [it](https://example.org/). " * 1400
    data = [{"item": f"part {number}", "price": number, "note": "x"} for number in range(1000)]
    invocation, (lead,) = ask(lane, effects, [LEAD], details=details[:20_000], data=data)

    async with browse(lane) as browser:
        page = await browser.get(lead)
        large = await browser.post(lead, json={"approved": True, "comment": "x" * 2_000_000})
        form = {"do": "yes", "field.comment": "x" * 2_000_000}
        as_form = await browser.post(lead, data=form)

    assert page.status_code == 200
    assert ("990 more" in page.text, "part 999" in page.text) == (True, True)
    assert len(page.content) < 1_000_000
    assert (large.status_code, as_form.status_code) == (413, 413)
    assert not lane.client.is_completed(invocation)


async def test_scripts_in_everything_that_people_control_are_text(lane: Lane, effects: Effects) -> None:
    data = {SCRIPT: SCRIPT, "list": [{SCRIPT: SCRIPT}, {SCRIPT: "y"}], "deep": {"a": {"b": {"c": SCRIPT}}}}
    facts: dict[str, Any] = {
        "question": f"Pay {SCRIPT}?",
        "details": f"{SCRIPT} [x](javascript:alert(1)) `{SCRIPT}`",
    }
    people = ['"><script>alert(1)</script>@example.com', LEAD]
    facts |= {"effects": effects.path, "answer": "approval", "approvers": people, "data": data, "quorum": 2}
    invocation = lane.client.send("Purchasing/order", facts)
    effects.wait_for("link", 2)
    paths = [
        one.rpartition(" ")[2].removeprefix("http://localhost/callbacks") for one in effects.values("link")
    ]
    paths.sort(key=lambda path: SETTINGS.signer.verify(path.strip("/")).person == LEAD)
    lane.client.wait_for_status(invocation, lane.waiting)

    async with browse(lane) as browser:
        pages = [await browser.get(paths[0], params={"choose": SCRIPT})]
        answer = {"approved": True, "comment": SCRIPT}
        pages.append(await browser.post(paths[0], json=answer))
        pages += [await browser.get(path) for path in paths]
        pages.append(await browser.post(paths[1], params={"reject": SCRIPT}, json={}))
        pages.append(await browser.get(paths[1]))

    assert [page.status_code for page in pages] == [200, 200, 409, 200, 200, 409]
    html = [page.text for page in pages if "html" in page.headers["content-type"]]
    assert not [page for page in html if "<script" in page or "\u202e" in page or 'href="javascript' in page]
    assert all(
        "default-src 'none'; style-src 'sha256-" in page.headers["content-security-policy"]
        for page in pages
        if "html" in page.headers["content-type"]
    )


async def test_type_that_is_not_known_here_has_the_form_of_the_journal(lane: Lane, effects: Effects) -> None:
    invocation, (path,) = ask(lane, effects, [LEAD], answer="plain")
    link = SETTINGS.signer.verify(path.strip("/"))
    unknown = Link(
        link.awakeable_id, link.name, "missing:Type", link.expires_at_ms, is_approval=True, person=LEAD
    )

    async with browse(lane) as browser:
        url = f"/{SETTINGS.signer.sign(unknown)}"
        page = await browser.get(url)
        sent = await browser.post(url, json={"amount": "1.5", "at": "2026-12-03T14:00:00Z"})

    assert (page.status_code, sent.status_code) == (200, 200)
    assert 'name="field.amount"' in page.text
    assert 'type="datetime-local"' in page.text
    assert "amount=Decimal('1.5')" in lane.client.attach(invocation)["answer"]


async def test_approval_that_expired_says_so(lane: Lane, effects: Effects) -> None:
    invocation, (lead, _) = ask(lane, effects, [LEAD, CFO], quorum=2, expires_in=3)

    async with browse(lane) as browser:
        answered = await browser.post(lead, json=YES)
        lane.client.failure(invocation)
        opened, late = await browser.get(lead), await browser.post(lead, json=YES)

    assert (answered.status_code, opened.status_code, late.status_code) == (200, 410, 410)
    assert ("has expired" in opened.text, "by lead@example.com" in opened.text) == (True, True)
