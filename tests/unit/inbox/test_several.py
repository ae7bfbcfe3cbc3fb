"""Several questions answered together."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx
from awaken.control.history import list_answers

from tests.unit.inbox.conftest import LEAD

if TYPE_CHECKING:
    from tests.unit.inbox.conftest import Inbox

YES = {"do": "yes", "field.comment": "all fine"}


def path_of(*questions: str) -> str:
    return f"/awakeables?{urlencode([('id', one) for one in questions])}"


async def send(inbox: Inbox, path: str, person: str = LEAD) -> str:
    """Open the page, send its form to the same address, and return the page that comes."""
    headers = {"x-user": person}
    async with httpx.AsyncClient(base_url=inbox.browser.base_url) as browser:
        page = await browser.get(path, headers=headers)
        token = page.text.partition('name="form" value="')[2].partition('"')[0]
        sent = await browser.post(path, data={"form": token, **YES}, headers=headers)
        again = await browser.post(path, data={"form": token, **YES}, headers=headers)
    assert sent.status_code == again.status_code == 200
    assert "None of these can be answered" in again.text or "Not answered" in again.text
    return sent.text


async def test_each_of_them_gets_the_answer_once(inbox: Inbox) -> None:
    asked = [await inbox.ask(f"Pay {number}?", data={"amount": number}) for number in range(3)]

    page = (await inbox.get(path_of(*asked, asked[0]))).text
    done = await send(inbox, path_of(*asked))

    assert "Answer 3 together" in page
    assert ">Amount</span> 2<" in page
    assert done.count("Approved</span>") == done.count("This is decided: approved.") == 3
    await inbox.environment.settle()
    found = await list_answers(inbox.environment.embedded.runtime)
    assert len(found.answers) == 3
    assert {one.answered.by for one in found.answers if one.answered} == {LEAD}


async def test_those_of_another_type_get_a_form_of_their_own(inbox: Inbox) -> None:
    plain, booked = await inbox.ask("plain?"), await inbox.ask("booked?", is_booked=True)

    page = (await inbox.get(path_of(plain, booked))).text

    assert "These have different answers" in page
    assert "Booking" in page
    assert "Approval" in page
    assert '<form method="post"' not in page


async def test_the_result_says_what_is_still_missing(inbox: Inbox) -> None:
    asked = [await inbox.ask("one?"), await inbox.ask("two?", quorum=3)]

    done = await send(inbox, path_of(*asked))

    assert done.count("Approved</span>") == 2
    assert "This is decided: approved." in done
    assert "2 more approvals are needed." in done


async def test_what_the_visitor_may_not_answer_is_left_out_with_the_reason(inbox: Inbox) -> None:
    mine = [await inbox.ask(f"mine {number}?") for number in range(2)]
    other = await inbox.ask("other?", approvers=["cfo@example.com"])
    over = await inbox.ask("over?")
    assert (await inbox.post(f"/awakeables/{over}", YES)).status_code == 303
    await inbox.environment.settle()

    page = (await inbox.get(path_of(*mine, other, over, "garbage"))).text
    done = await send(inbox, path_of(*mine, other, over))

    assert "Answer 2 together" in page
    for text in (page, done):
        assert f"{LEAD} was not asked to answer this." in text
        assert "It has a result already" in text
    assert [one.approval is not None for one in inbox.environment.pending_awakeables()] == [True]


async def test_what_the_page_showed_as_not_answerable_gets_no_answer_later(inbox: Inbox) -> None:
    mine = [await inbox.ask(f"mine {number}?") for number in range(2)]
    other = await inbox.ask("other?", approvers=["group:finance"])
    path = path_of(*mine, other)
    async with httpx.AsyncClient(base_url=inbox.browser.base_url) as browser:
        page = (await browser.get(path, headers={"x-user": LEAD})).text
        hidden = {
            name: page.partition(f'name="{name}" value="')[2].partition('"')[0] for name in ("form", "asked")
        }
        sent = await browser.post(
            path, data={**hidden, **YES}, headers={"x-user": LEAD, "x-groups": "finance"}
        )

    await inbox.environment.settle()
    assert len((await list_answers(inbox.environment.embedded.runtime)).answers) == 2
    assert "You could not answer it when the page was made." in sent.text
    assert len(inbox.environment.pending_awakeables()) == 1


async def test_too_few_and_too_many_are_told(inbox: Inbox) -> None:
    one = await inbox.ask()

    none = await inbox.get("/awakeables")
    many = await inbox.get(path_of(*(f"{one}{number}" for number in range(51))))
    single = await inbox.get(path_of(one))

    assert (none.status_code, many.status_code) == (400, 400)
    assert "at most 50; 51 were ticked" in many.text
    assert (single.status_code, single.headers["location"]) == (303, f"/ui/awakeables/{one}")


async def test_the_address_of_one_is_no_way_out(inbox: Inbox) -> None:
    away = await inbox.get("/awakeables?id=//evil.example/x")

    assert away.headers.get("location", "/ui/").startswith("/ui/")
