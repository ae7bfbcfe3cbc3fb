"""The inbox in Chromium: by keyboard, without JavaScript, on a phone, and in two browsers at once."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from awaken import _core
from playwright.sync_api import expect

from tests.accessibility import find_violations
from tests.e2e.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

pytestmark = [pytest.mark.browser, pytest.mark.lanes("h2-v7-suspending"), pytest.mark.timeout(120)]
LEAD = "lead@example.com"
CFO = "cfo@example.com"
DESK: Any = {"width": 1200, "height": 800}
PHONE: Any = {"width": 360, "height": 740}
#: How long a change may take until an open page shows it: the runtime is asked once a second.
SOON_MS = 20_000


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport=DESK)
    yield page
    page.close()


@contextmanager
def inbox_of(lane: Lane, directory: Path) -> Iterator[str]:
    """Serve an inbox that knows its visitors; return its URL without a slash at its end."""
    headers = ("--inbox-user-header", "X-User", "--inbox-groups-header", "X-Groups")
    types = ("--types", "tests.e2e.services.app")
    with Gateway(lane, directory, "--inbox", "127.0.0.1:0", *headers, *types) as gateway:
        yield gateway.inbox.rstrip("/")


@contextmanager
def visit(browser: Browser, person: str, groups: str = "", **options: Any) -> Iterator[Page]:
    """Open a page as somebody whom a proxy names. It fails on errors of scripts and of the content security policy."""
    headers = {"x-user": person, "x-groups": groups}
    context = browser.new_context(**{"viewport": DESK, **options}, extra_http_headers=headers)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    assert [one for one in problems if not one.startswith("Failed to load resource")] == []


def ask(lane: Lane, title: str, key: str = "desk", **given: Any) -> str:
    """Let `Office/approve` ask something, and return its invocation once it waits."""
    invocation = lane.client.send(f"Office/{key}/approve", {"title": title, **given})
    lane.client.wait_for_status(invocation, lane.waiting)
    return invocation


def row_of(page: Page, title: str) -> Locator:
    return page.get_by_role("row").filter(has_text=title)


def overflow(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until an element has the focus, as somebody does who has no mouse."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the keyboard does not lead there")


def test_person_answers_by_keyboard_and_sees_the_end(
    lane: Lane, page: Page, tmp_path: Path, effects: Effects
) -> None:
    types = ("--types", "tests.e2e.services.app")
    with Gateway(lane, tmp_path, "--inbox", "127.0.0.1:0", *types) as gateway:
        page.goto(gateway.inbox)
        expect(page.get_by_text("Nothing waits").or_(page.get_by_role("table"))).to_be_visible()
        invocation = lane.client.send("Callbacks/decide", effects.path)
        link = page.get_by_role("link", name="approve <b>now</b>").first
        expect(link).to_be_visible(timeout=20_000)  # without a reload

        link.focus()
        page.keyboard.press("Enter")
        page.get_by_label("amount").fill("3")
        page.get_by_label("travel").focus()
        page.keyboard.press("Space")
        page.get_by_label("comment").fill("fine")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")

        expect(page.get_by_role("status").get_by_text("This is decided.")).to_be_visible()
        page.get_by_role("link", name="What the invocation does now").press("Enter")
        expect(page.get_by_text("completed", exact=True)).to_be_visible(timeout=20_000)
        expect(page.get_by_role("list", name="Timeline of the journal")).to_be_visible()

    assert lane.client.attach(invocation) == "True 3 travel fine"


def test_two_people_see_each_others_answers_and_lose_nothing(
    lane: Lane, browser: Browser, tmp_path: Path
) -> None:
    mark = tmp_path.name  # the runtime is shared: other tests leave questions behind
    first = ask(lane, f"{mark} first?")
    ask(lane, f"{mark} second?")
    with inbox_of(lane, tmp_path) as url, visit(browser, LEAD) as one, visit(browser, CFO) as other:
        one.goto(f"{url}/?q={mark}")
        row_of(one, "second?").get_by_role("checkbox").check()
        row_of(one, "first?").get_by_role("checkbox").check()
        expect(one.get_by_text("2 ticked")).to_be_visible()
        one.get_by_label("Search in titles").fill("half a wor")

        other.goto(f"{url}/?q={mark}")
        other.get_by_role("link", name="first?").click()
        other.get_by_role("button", name="Approve").click()

        expect(one.get_by_role("link", name="first?")).to_be_hidden(timeout=SOON_MS)
        expect(row_of(one, "second?").get_by_role("checkbox")).to_be_checked()
        expect(one.get_by_text("1 ticked (1 no longer wait)")).to_be_visible()
        expect(one.get_by_label("Search in titles")).to_have_value("half a wor")
        expect(one.get_by_label("Search in titles")).to_be_focused()
        ask(lane, f"{mark} third?")
        expect(one.get_by_role("link", name="third?")).to_be_visible(timeout=SOON_MS)
        expect(row_of(one, "second?").get_by_role("checkbox")).to_be_checked()

        one.goto(f"{url}/history?person={CFO}")
        expect(row_of(one, f"{mark} first?")).to_contain_text(f"{CFO} from the inbox")

    assert lane.client.attach(first)["by"] == CFO


def test_who_comes_second_learns_who_was_first(lane: Lane, browser: Browser, tmp_path: Path) -> None:
    mark = tmp_path.name
    invocation = ask(lane, f"{mark}?", approvers=[LEAD, "group:finance"])
    with (
        inbox_of(lane, tmp_path) as url,
        visit(browser, LEAD) as one,
        visit(browser, CFO, "finance") as other,
    ):
        for page in (one, other):
            page.goto(f"{url}/?mine=1&q={mark}")
            page.get_by_role("link", name=f"{mark}?").click()
        other.get_by_label("Comment").fill("I had begun to")
        one.get_by_role("button", name="Approve").click()
        expect(one.get_by_text("You approved this.")).to_be_visible(timeout=SOON_MS)
        expect(other.get_by_text(f"{LEAD} from the inbox")).to_be_visible(timeout=SOON_MS)
        expect(other.get_by_label("Comment")).to_have_value("I had begun to")
        other.get_by_role("button", name="Reject").click()

        refusal = other.get_by_role("alert").filter(has_text="It has a result already")
        expect(refusal).to_contain_text("This answer was not recorded")
        expect(other.get_by_text(f"{LEAD} from the inbox")).to_be_visible()

    assert lane.client.attach(invocation)["approved"] is True


def test_several_are_found_and_answered_together(lane: Lane, browser: Browser, tmp_path: Path) -> None:
    mark = tmp_path.name
    asked = [
        ask(
            lane, f"{mark} {number}?", f"room-{number}", labels={"floor": str(number)}, data={"desks": number}
        )
        for number in range(3)
    ]
    with inbox_of(lane, tmp_path) as url, visit(browser, LEAD) as page:
        page.goto(url)
        page.get_by_label("Search in titles").fill(mark)
        page.keyboard.press("Enter")
        expect(page.get_by_role("checkbox")).to_have_count(3)
        row_of(page, f"{mark} 1?").get_by_role("link", name="floor: 1").click()
        expect(page.get_by_role("checkbox")).to_have_count(1)
        expect(page.get_by_label("Label", exact=True)).to_have_value("floor:1")
        page.go_back()
        for number in (0, 2):
            row_of(page, f"{mark} {number}?").get_by_role("checkbox").check()
        together = page.get_by_role("button", name="Answer the ticked ones together")
        page.set_viewport_size({"width": 1200, "height": 400})  # the list is longer than the window
        page.evaluate("scrollTo(0, 0)")
        expect(together).to_be_in_viewport()
        page.set_viewport_size(DESK)
        together.click()
        expect(page.get_by_role("heading", name="Answer 2 together")).to_be_visible()
        page.get_by_label("Comment").fill("both")
        page.get_by_role("button", name="Approve").click()

        expect(page.get_by_role("heading", name="What became of your answers")).to_be_visible()
        expect(page.get_by_text("Approved", exact=True)).to_have_count(2)

    for number in (0, 2):
        assert lane.client.attach(asked[number]) == {
            "approved": True,
            "comment": "both",
            "by": LEAD,
            "via": "inbox",
        }
    assert not lane.client.is_completed(asked[1])


def test_keyboard_is_enough_on_a_phone_without_javascript(
    lane: Lane, browser: Browser, tmp_path: Path
) -> None:
    mark = tmp_path.name
    invocation = ask(lane, f"{mark}?", is_booked=True)
    with (
        inbox_of(lane, tmp_path) as url,
        visit(browser, LEAD, viewport=PHONE, java_script_enabled=False) as page,
    ):
        page.goto(url)
        tab_to_without_script(page, "Search in titles")
        page.keyboard.type(mark)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("q="))
        page.get_by_role("link", name=f"{mark}?").press("Enter")
        page.get_by_label("Comment").fill("by hand")
        page.get_by_label("Travel").press("Space")
        page.get_by_role("button", name="Approve").press("Enter")
        expect(page.get_by_role("status").get_by_text("You approved this.")).to_be_visible()

    assert lane.client.attach(invocation)["comment"] == "by hand"


def tab_to_without_script(page: Page, label: str) -> None:
    """Press Tab until an input with a label has the focus; the page runs no script that could tell."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator(":focus").get_attribute("aria-label") == label:
            return
        focused = page.locator("input:focus")
        if focused.count() and page.get_by_label(label).and_(focused).count():
            return
    raise AssertionError("the keyboard does not lead there")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_can_be_used_by_everybody(lane: Lane, browser: Browser, tmp_path: Path, scheme: Any) -> None:
    mark = tmp_path.name
    facts: dict[str, Any] = {"amount": 1200.5, "positions": [{"item": "Desk", "count": 4}] * 3}
    people = [LEAD, "group:finance"]
    ask(lane, f"{mark} one?", data=facts, approvers=people, quorum=2, labels={"team": "red"}, expires_in=3600)
    ask(lane, f"{mark} two?", details="**Please** hurry.", approvers=[CFO])
    lane.client.send("Office/contract-3/sign", {"party": mark})
    longest = "x" * 240  # one word: nothing of it may make a page wider than a phone
    asking = ask(lane, longest, longest, data={longest: longest}, approvers=[longest], labels={"a": longest})
    long = _core.format_awakeable_id(_core.parse_invocation_id(asking), 17)
    with inbox_of(lane, tmp_path) as url, visit(browser, LEAD, color_scheme=scheme) as page:
        found: dict[str, list[str]] = {}
        page.goto(f"{url}/?q={mark}")
        ids = page.get_by_role("checkbox").evaluate_all("all => all.map(one => one.value)")
        with visit(browser, CFO, "finance") as other:
            other.goto(f"{url}/awakeables/{ids[0]}")
            other.get_by_label("Comment").fill("gladly")
            other.get_by_role("button", name="Approve").click()
            expect(other.get_by_text("1 of 2 approved")).to_be_visible()
        paths = {
            "list": f"/?q={mark}&age=&label=team:red",
            "long": f"/?q={longest}",
            "long question": f"/awakeables/{long}",
            "long invocation": f"/invocations/{asking}",
            "nothing": "/?q=nothing-like-this",
            "question": f"/awakeables/{ids[0]}",
            "refused": f"/awakeables/{ids[1]}",
            "several": f"/awakeables?id={ids[0]}&id={ids[1]}",
            "history": "/history",
            "message": "/awakeables/garbage",
        }
        for viewport in (DESK, PHONE):
            page.set_viewport_size(viewport)
            for name, path in paths.items():
                page.goto(f"{url}{path}")
                page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
                navigation = page.get_by_role("navigation", name="Pages", exact=True)
                assert navigation.evaluate("it => it.scrollWidth - it.clientWidth") == 0, (name, viewport)
                found[f"{name} {viewport['width']}"] = find_violations(page)
                assert overflow(page) == 0, (name, viewport)
                keep_picture(page, f"inbox-{name}-{scheme}-{viewport['width']}")

    assert {name: broken for name, broken in found.items() if broken} == {}


def keep_picture(page: Page, name: str) -> None:
    """Save a screenshot for the documentation if AWAKEN_SCREENSHOTS names a folder."""
    folder = os.environ.get("AWAKEN_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")
