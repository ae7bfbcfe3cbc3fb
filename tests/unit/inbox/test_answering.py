"""Answering in the inbox, as people whom a proxy names."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from awaken import _core
from awaken.control import answers
from awaken.control.answering import answer_question
from awaken.inbox import answering, create_inbox

from tests.unit.inbox.conftest import LEAD

if TYPE_CHECKING:
    from tests.unit.inbox.conftest import Inbox

CFO = "cfo@example.com"
YES = {"do": "yes", "field.comment": "fine"}
NO = {"do": "no", "field.comment": ""}


async def result_of(inbox: Inbox, question: str) -> Any:
    """Return what the handler of a question returned."""
    await inbox.environment.settle()
    invocation = _core.parse_awakeable_id(question).invocation_id
    return json.loads((await inbox.environment.embedded.runtime.output(invocation)).result.value)  # type: ignore[union-attr]


async def test_the_page_shows_all_of_the_question(inbox: Inbox) -> None:
    question = await inbox.ask(
        "Pay invoice 4711?",
        key="inv-4711",
        details="**ACME** sent it. <script>alert(1)</script>",
        data={"amount": 1200, "positions": [{"item": "Desk", "count": 4}, {"item": "Lamp", "count": 2}]},
        approvers=[LEAD, "group:finance"],
        not_by=["clerk@example.com"],
        quorum=2,
        labels={"team": "red"},
    )

    page = (await inbox.get(f"/awakeables/{question}")).text

    for text in ("<strong>ACME</strong>", "Desk", "clerk@example.com", "finance", "team: red", "inv-4711"):
        assert text in page
    assert "It takes 2 approvals, and one rejection ends it." in page
    assert f"You answer as {LEAD}" in page
    assert "<script>alert" not in page
    assert f'href="/ui/invocations/{_core.parse_awakeable_id(question).invocation_id}"' in page


async def test_the_answer_is_recorded_with_the_name_and_the_door(inbox: Inbox) -> None:
    question = await inbox.ask(approvers=[LEAD])

    answered = await inbox.post(f"/awakeables/{question}", YES)

    assert answered.status_code == 303
    assert await result_of(inbox, question) == {
        "approved": True,
        "comment": "fine",
        "by": LEAD,
        "via": "inbox",
    }
    after = await inbox.get(f"/awakeables/{question}", person=CFO)
    assert after.status_code == 409
    assert "Approved" in after.text
    assert f"{LEAD} from the inbox" in after.text
    assert "<form" not in after.text


async def test_a_quorum_is_counted_on_the_page(inbox: Inbox) -> None:
    question = await inbox.ask(approvers=[LEAD, "group:finance"], quorum=2)

    first = await inbox.post(f"/awakeables/{question}", YES)
    again = await inbox.get(f"/awakeables/{question}")
    listed = await inbox.get("/")
    second = await inbox.post(f"/awakeables/{question}", YES, person=CFO, groups="finance")

    assert first.headers["location"] == f"/ui/awakeables/{question}"
    assert "1 of 2 approved" in again.text
    assert "You approved this." in again.text
    assert "One more approval is needed." in again.text
    assert "the first answer counts" not in again.text, "nothing was refused"
    assert ">1 of 2<" in listed.text
    assert second.status_code == 303
    assert (await result_of(inbox, question))["by"] == CFO


async def test_an_answer_is_confirmed_where_it_was_given_and_later(inbox: Inbox) -> None:
    question = await inbox.ask(approvers=[LEAD])
    path = f"/awakeables/{question}"

    sent = await inbox.post(path, NO)
    page = await inbox.get(path)
    await inbox.environment.advance(hours=2)
    later = await inbox.get(path)
    other = await inbox.get(path, person=CFO)

    assert sent.headers["location"] == f"/ui{path}"
    assert page.status_code == 200
    assert "You rejected this." in page.text
    assert 'class="notice is-approved" role="status"' in page.text
    assert "It is recorded, " in page.text
    assert ">just now</time>. This is decided: rejected." in page.text
    assert ">2 h ago</time>. This is decided: rejected." in later.text
    invocation = _core.parse_awakeable_id(question).invocation_id
    for target in ("/ui/", f"/ui/invocations/{invocation}"):
        assert f'href="{target}"' in page.text.partition('role="status"')[2].partition("</div>")[0]
    assert "You rejected" not in other.text
    assert "It has a result already" in other.text


async def test_a_second_answer_is_refused_in_another_colour(inbox: Inbox) -> None:
    question = await inbox.ask(approvers=[LEAD, CFO], quorum=2)
    path = f"/awakeables/{question}"
    async with httpx.AsyncClient(base_url=inbox.browser.base_url, headers={"x-user": LEAD}) as browser:
        page = await browser.get(path)
        data = {"form": page.text.partition('name="form" value="')[2].partition('"')[0], **YES}

        first = await browser.post(path, data=data)
        second = await browser.post(path, data=data)

    assert (first.status_code, second.status_code) == (303, 403)
    refusal = second.text.partition('class="notice is-failed" role="alert"')[2].partition("</div>")[0]
    assert "This answer was not recorded" in refusal
    assert f"{LEAD} has answered already, by name or for a group; the first answer counts." in refusal


async def test_an_answer_whose_journal_is_not_kept_is_confirmed_all_the_same(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = await inbox.ask()

    async def answer_and_forget(*given: Any) -> Any:
        outcome = await answer_question(*given)
        await inbox.environment.settle()
        await inbox.environment.embedded.runtime.purge(_core.parse_awakeable_id(question).invocation_id)
        return outcome

    monkeypatch.setattr(answering, "answer_question", answer_and_forget)

    sent = await inbox.post(f"/awakeables/{question}", YES)

    assert sent.status_code == 200
    assert "Your answer is recorded" in sent.text
    assert "This is decided: approved." in sent.text


@pytest.mark.parametrize(
    ("given", "person", "groups", "reason"),
    [
        ({"approvers": [CFO]}, LEAD, "", f"{LEAD} was not asked to answer this."),
        ({"approvers": ["group:finance"]}, LEAD, "sales", f"{LEAD} was not asked to answer this."),
        ({"not_by": [LEAD]}, LEAD, "", f"{LEAD} may not answer this: it needs somebody else."),
    ],
)
async def test_who_may_not_answer_gets_no_form_and_no_way_around(
    inbox: Inbox, given: dict[str, Any], person: str, groups: str, reason: str
) -> None:
    question = await inbox.ask(**given)
    path = f"/awakeables/{question}"

    page = await inbox.get(path, person, groups)
    sent = await inbox.post(path, YES, person, groups)

    assert page.status_code == 200
    assert reason in page.text
    assert "<form" not in page.text
    assert sent.status_code == 403
    assert len(inbox.environment.pending_awakeables()) == 1


async def test_an_invocation_names_people_only_once_they_are_asked(inbox: Inbox) -> None:
    question = await inbox.ask(approvers=[LEAD], escalate={"60": [CFO]})
    path = f"/invocations/{_core.parse_awakeable_id(question).invocation_id}"

    before = await inbox.get(path)
    await inbox.environment.advance(minutes=2)
    after = await inbox.get(path)

    assert f"asked {LEAD}</p>" in before.text
    assert f"asked {LEAD}, {CFO}</p>" in after.text


async def test_who_left_the_group_meanwhile_is_refused(inbox: Inbox) -> None:
    question = await inbox.ask(approvers=["group:finance"])
    headers = {"x-user": LEAD, "x-groups": "finance"}
    async with httpx.AsyncClient(base_url=inbox.browser.base_url) as browser:
        page = await browser.get(f"/awakeables/{question}", headers=headers)
        token = page.text.partition('name="form" value="')[2].partition('"')[0]

        sent = await browser.post(
            f"/awakeables/{question}", data={"form": token, **YES}, headers={**headers, "x-groups": "sales"}
        )

    assert "<form" in page.text
    assert sent.status_code == 403
    assert f"{LEAD} was not asked to answer this." in sent.text


async def test_of_two_answers_at_once_one_counts_and_the_other_learns_by_whom(inbox: Inbox) -> None:
    question = await inbox.ask(approvers=[LEAD, CFO])

    answers = await asyncio.gather(
        inbox.post(f"/awakeables/{question}", YES), inbox.post(f"/awakeables/{question}", NO, person=CFO)
    )

    (lost,) = [one for one in answers if one.status_code == 409]
    (won,) = [one for one in answers if one.status_code == 303]
    winner = LEAD if answers[0] is won else CFO
    assert f"{winner} from the inbox" in lost.text
    assert (await result_of(inbox, question))["by"] == winner


async def test_without_a_name_nothing_is_changed(inbox: Inbox) -> None:
    question = await inbox.ask()

    page = await inbox.get(f"/awakeables/{question}", person=None)
    sent = await inbox.post(f"/awakeables/{question}", YES, person=None)
    twice = await inbox.browser.post(
        f"/awakeables/{question}", headers=[("x-user", LEAD), ("x-user", CFO)], data=YES
    )

    assert "<form" not in page.text
    assert (sent.status_code, twice.status_code) == (403, 403)
    assert "it is there 2 times" in twice.text
    assert len(inbox.environment.pending_awakeables()) == 1


async def test_mistakes_are_shown_beside_what_was_typed(inbox: Inbox) -> None:
    question = await inbox.ask(is_booked=True)
    path = f"/awakeables/{question}"

    wrong = await inbox.post(path, {"do": "yes", "field.account": "moon", "field.comment": "<b>kept</b>"})
    nothing = await inbox.post(path, {"field.account": "office"})
    right = await inbox.post(path, {"do": "yes", "field.account": "travel"})

    assert (wrong.status_code, nothing.status_code, right.status_code) == (422, 422, 303)
    assert "&lt;b&gt;kept&lt;/b&gt;" in wrong.text


async def test_a_plain_awakeable_takes_any_json_and_keeps_no_name(inbox: Inbox) -> None:
    awakeable = await inbox.wait_plainly("contract-3", party="Umbrella")

    page = await inbox.get(f"/awakeables/{awakeable}")
    sent = await inbox.post(f"/awakeables/{awakeable}", {"do": "resolve", "value": '{"signed": true}'})

    assert "Umbrella" in page.text
    assert "Who answers is not recorded" in page.text
    assert sent.status_code == 303
    assert await result_of(inbox, awakeable) == {"signed": True}
    after = await inbox.get(f"/awakeables/{awakeable}")
    assert "Answered." in after.text
    assert "This is decided." in after.text


async def test_an_answer_of_two_megabytes_is_refused_with_its_limit(inbox: Inbox) -> None:
    question = await inbox.ask()

    sent = await inbox.post(f"/awakeables/{question}", {"do": "yes", "field.comment": "x" * 2_000_000})

    assert sent.status_code == 413
    assert "larger than 1 MB" in sent.text
    assert f'href="/ui/awakeables/{question}">Back to the form' in sent.text


async def test_an_expired_question_says_so(inbox: Inbox) -> None:
    question = await inbox.ask(expires_in=60)
    await inbox.environment.advance(minutes=2)

    page = await inbox.get(f"/awakeables/{question}")

    assert page.status_code == 409
    assert "Nobody answered in time" in page.text
    assert "Nobody answered before it expired" in page.text
    assert "<form" not in page.text


async def test_what_is_not_awaited_yet_is_not_asked(inbox: Inbox) -> None:
    question = await inbox.wait_plainly()
    parsed = _core.parse_awakeable_id(question)
    raw = _core.parse_invocation_id(parsed.invocation_id)

    later = await inbox.get(f"/awakeables/{_core.format_awakeable_id(raw, 30)}")
    garbage = await inbox.get("/awakeables/garbage")

    assert (later.status_code, garbage.status_code) == (409, 400)
    assert "It is not awaited yet" in later.text


async def test_a_type_that_is_not_known_here_gets_the_form_of_its_schema(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = await inbox.ask(is_booked=True)

    def unknown(name: str) -> None:
        raise LookupError(name)

    monkeypatch.setattr(answers, "find_type", unknown)

    page = await inbox.get(f"/awakeables/{question}")

    assert 'name="field.account"' in page.text


async def test_without_a_proxy_answers_are_those_of_somebody_unknown(inbox: Inbox) -> None:
    question = await inbox.ask(quorum=2)
    transport = httpx.ASGITransport(create_inbox(inbox.environment.embedded.runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://inbox") as browser:
        path = f"/awakeables/{question}"
        page = await browser.get(path)
        token = page.text.partition('name="form" value="')[2].partition('"')[0]
        headers = {"x-user": LEAD, "x-groups": "finance"}  # nobody said that they count
        sent = await browser.post(path, data={"form": token, **YES}, headers=headers)
        again = await browser.get(path)
        history = await browser.get("/history")

    assert "This inbox does not know who you are" in page.text
    assert "It will be recorded as “unknown, from the inbox”" in page.text
    assert sent.status_code == 303
    assert "unknown, from the inbox" in history.text
    assert "<form" not in again.text, "everybody unknown counts as one"
    assert "Approved from the inbox." in again.text
