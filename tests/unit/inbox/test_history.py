"""What was answered, and by whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
from awaken.inbox import create_inbox, history

from tests.unit.inbox.conftest import LEAD

if TYPE_CHECKING:
    import pytest

    from tests.unit.inbox.conftest import Inbox

CFO = "cfo@example.com"
SCRIPT = "<script>alert(1)</script>"


def titles(page: str) -> list[str]:
    return re.findall(r'class="table-main" href="[^"]+">([^<]*)</a>', page)


async def fill(inbox: Inbox) -> None:
    """Let three people answer, through two doors."""
    approved, rejected = await inbox.ask("Pay 1?"), await inbox.ask("Pay 2?")
    await inbox.post(f"/awakeables/{approved}", {"do": "yes", "field.comment": "gladly"})
    await inbox.environment.advance(minutes=1)
    await inbox.post(f"/awakeables/{rejected}", {"do": "no", "field.comment": SCRIPT}, CFO, "finance")
    await inbox.environment.advance(minutes=1)
    outside = await inbox.ask("Pay 3?")
    await inbox.environment.embedded.runtime.resolve_awakeable(outside, b'{"approved": true}')
    await inbox.environment.advance(minutes=1)
    plain = await inbox.wait_plainly()
    await inbox.environment.embedded.runtime.resolve_awakeable(plain, b'{"signed": "yes"}')
    await inbox.environment.settle()


async def test_it_tells_who_answered_what_when_and_how(inbox: Inbox) -> None:
    await fill(inbox)

    page = (await inbox.get("/history")).text

    assert titles(page) == ["awakeable 17", "Pay 3?", "Pay 2?", "Pay 1?"]
    for text in (
        f"{LEAD} from the inbox",
        f"{CFO} from the inbox",
        "unknown, through the API",
        "not recorded",
    ):
        assert text in page
    assert page.count("Approved</span>") == 2
    assert page.count("Rejected</span>") == 1
    assert ">Comment</span> gladly<" in page
    assert "<script>alert" not in page


async def test_choices_are_in_the_address(inbox: Inbox) -> None:
    await fill(inbox)

    async def shown(query: str) -> list[str]:
        return titles((await inbox.get(f"/history?{query}")).text)

    assert await shown(f"person={LEAD}") == ["Pay 1?"]
    assert await shown("person=CFO@example.com&door=inbox") == ["Pay 2?"]
    assert await shown("person=unknown") == await shown("door=api") == ["Pay 3?"]
    assert await shown("door=link") == await shown("service=Nobody") == []
    assert len(await shown("service=Office&door=nonsense")) == 4


async def test_a_search_is_bounded_and_goes_on(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(inbox)
    monkeypatch.setattr(history, "PAGE_SIZE", 1)
    monkeypatch.setattr(history, "MOST_SEARCHED", 2)

    first = (await inbox.get(f"/history?person={LEAD}")).text
    following = re.search(r'rel="next" href="/ui([^"]+)"', first)
    assert following is not None
    second = (await inbox.get(following.group(1).replace("&amp;", "&"))).text

    assert titles(first) == []
    assert "2 answers were searched; the next page searches on" in first
    assert titles(second) == ["Pay 1?"]


async def test_values_that_were_not_made_for_people_can_be_hidden(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(inbox)
    waits = await inbox.wait_plainly(party="Umbrella")
    monkeypatch.setenv("AWAKEN_INBOX_VALUES", "off")
    transport = httpx.ASGITransport(create_inbox(inbox.environment.embedded.runtime))
    async with httpx.AsyncClient(transport=transport, base_url="http://inbox") as browser:
        pages = [(await browser.get(path)).text for path in ("/history", "/", f"/awakeables/{waits}")]

    assert "gladly" in pages[0], "approvals are for people"
    assert "Signed" not in pages[0]
    assert not [page for page in pages if "Umbrella" in page]
