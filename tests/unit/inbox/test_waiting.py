"""The list of what waits, as a browser without scripts sees it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from awaken import _core
from awaken.inbox import waiting_list

from tests.unit.inbox.conftest import LEAD

if TYPE_CHECKING:
    import pytest

    from tests.unit.inbox.conftest import Inbox

SCRIPT = "<script>alert(1)</script>"


def titles(page: str) -> list[str]:
    return re.findall(r'class="table-main" href="[^"]+">([^<]*)</a>', page)


async def test_a_row_tells_what_is_asked_of_whom_and_until_when(inbox: Inbox) -> None:
    question = await inbox.ask(
        "Pay invoice 4711?",
        key="inv-4711",
        data={"amount": 1200.5, "vendor": "ACME", "rows": [{"a": 1}], "more": "x", "fifth": 5},
        approvers=[LEAD, "group:finance"],
        quorum=2,
        labels={"team": "red"},
        expires_in=3 * 3600,
    )

    page = (await inbox.get("/")).text

    assert titles(page) == ["Pay invoice 4711?"]
    assert f'href="/ui/awakeables/{question}"' in page
    for text in (">Amount</span> 1200.5<", ">Vendor</span> ACME<", ">Rows</span> 1 entry<", ">0 of 2<"):
        assert text in page
    assert "Fifth" not in page
    assert "finance" in page
    assert "team: red" in page
    assert 'class="badge is-failed"' in page, "it expires soon"
    assert page.count("<tr>") == 2, "an approval is one row, though it has several awakeables"


async def test_plain_awakeables_are_told_apart_by_what_they_were_called_with(inbox: Inbox) -> None:
    await inbox.wait_plainly("contract-3", party="Umbrella")
    await inbox.wait_plainly("contract-4", party="Hooli")

    page = (await inbox.get("/")).text

    assert "called with" in page
    assert ">Party</span> Umbrella<" in page
    assert ">Party</span> Hooli<" in page
    assert "contract-3" in page


async def test_a_plain_awakeable_may_have_a_title_and_a_type(inbox: Inbox) -> None:
    plain = await inbox.wait_plainly("contract-3", party="Umbrella")
    titled = await inbox.wait_plainly("contract-5", title="Sign <b>contract 5</b>", party="Hooli")

    page = (await inbox.get("/")).text
    form = (await inbox.get(f"/awakeables/{titled}")).text
    answered = await inbox.post(f"/awakeables/{titled}", {"do": "resolve", "field.name": "Ada"})
    history = (await inbox.get("/history")).text

    assert titles(page) == ["awakeable 17", "Sign &lt;b&gt;contract 5&lt;/b&gt;"]
    assert page.count("answer: Signature") == 1
    assert ">Party</span> Hooli<" in page
    assert "Who has signed." in form
    assert "Berlin</textarea>" in form
    assert answered.status_code == 303
    assert "Sign &lt;b&gt;contract 5&lt;/b&gt;" in history
    assert "Who has signed." not in (await inbox.get(f"/awakeables/{plain}")).text


async def test_words_and_choices_are_in_the_address(inbox: Inbox) -> None:
    await inbox.ask("Pay the desk?", approvers=[LEAD], labels={"team": "red"})
    await inbox.environment.advance(hours=2)
    await inbox.ask("Pay the chair?", key="room-5", approvers=["group:finance"], labels={"team": "blue"})
    both = ["Pay the desk?", "Pay the chair?"]

    async def shown(query: str, groups: str = "") -> list[str]:
        return titles((await inbox.get(f"/?{query}", groups=groups)).text)

    assert await shown("q=PAY+the") == both
    assert await shown("q=room-5") == both[1:]
    assert await shown("q=finance") == await shown("q=blue+team") == both[1:]
    assert await shown("q=nothing") == []
    assert await shown("label=team:red") == both[:1]
    assert await shown("label=team") == both
    assert await shown("person=LEAD@example.com") == both[:1]
    assert await shown("person=group:finance") == both[1:]
    assert await shown("service=Office") == both
    assert await shown("service=Nobody") == []
    assert await shown("age=1h") == both[:1]
    assert await shown("mine=1") == both[:1]
    assert await shown("mine=1", groups="finance,x") == both
    assert await shown("age=x&mine=&after=") == both


async def test_a_search_finds_ids_only_as_a_whole(inbox: Inbox) -> None:
    question = await inbox.ask("Pay the desk?")
    await inbox.ask("Pay the chair?")
    invocation = _core.parse_awakeable_id(question).invocation_id

    async def shown(words: str) -> list[str]:
        return titles((await inbox.get(f"/?q={words}")).text)

    assert await shown(question) == await shown(invocation) == ["Pay the desk?"]
    for part in (question[:-1], question[8:14], invocation[8:14], "sign_1", "inv_1", "Approval"):
        assert await shown(part) == [], part


async def test_mine_leaves_out_what_somebody_may_not_answer(inbox: Inbox) -> None:
    await inbox.ask("own?", approvers=["group:finance"], not_by=[LEAD])
    await inbox.ask("open?")

    page = (await inbox.get("/?mine=1", groups="finance")).text

    assert titles(page) == []
    assert "Nothing of what waits is like that" in page


async def test_pages_follow_each_other(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_list, "PAGE_SIZE", 3)
    monkeypatch.setattr(waiting_list, "_BATCHES", (4, 2))
    asked = [f"Pay {number}?" for number in range(10)]
    for title in asked:
        await inbox.ask(title, labels={"odd": str(int(title[4]) % 2)})

    async def all_pages(path: str) -> list[list[str]]:
        found = []
        while path:
            page = (await inbox.get(path)).text
            found.append(titles(page))
            following = re.search(r'rel="next" href="/ui([^"]+)"', page)
            path = following.group(1).replace("&amp;", "&") if following else ""
        return found

    assert await all_pages("/") == [asked[:3], asked[3:6], asked[6:9], asked[9:]]
    odd = asked[1::2]
    assert [one for one in await all_pages("/?label=odd:1") if one] == [odd[:3], odd[3:]]


async def test_a_search_is_bounded_and_says_so(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_list, "MOST_SEARCHED", 2)
    monkeypatch.setattr(waiting_list, "_BATCHES", (1,))
    for number in range(5):
        await inbox.ask(f"Pay {number}?")

    page = (await inbox.get("/?q=Pay+4")).text

    assert titles(page) == []
    assert "2 waiting entries were searched; the next page searches on" in page


async def test_scripts_in_every_field_are_text(inbox: Inbox) -> None:
    await inbox.ask(
        SCRIPT,
        key=SCRIPT,
        data={SCRIPT: SCRIPT, "quote": '"><img src=x>'},
        approvers=[SCRIPT],
        labels={SCRIPT: '"><b>'},
    )
    await inbox.wait_plainly(SCRIPT, **{SCRIPT: SCRIPT})

    pages = [
        await inbox.get(path) for path in ("/", f"/?q={quote(SCRIPT)}&label={quote(SCRIPT)}", "/?after=x")
    ]
    named = await inbox.get("/", person=SCRIPT)

    for page in (*pages, named):
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert "<b>" not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert " style=" not in page.text
        assert " on" not in re.sub(r">[^<]*<|\"[^\"]*\"", "", page.text)
    assert [page.status_code for page in pages] == [200, 200, 400]


async def test_who_is_not_named_may_look_and_is_told(inbox: Inbox) -> None:
    await inbox.ask()

    page = await inbox.get("/", person=None)

    assert titles(page.text) == ["Pay?"]
    assert "has to say who you are in the header X-User, and it is missing" in page.text
    assert "You can look at everything here, but not change it" in page.text
