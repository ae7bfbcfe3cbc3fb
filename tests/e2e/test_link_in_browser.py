"""The page of a link in Chromium: filled in without JavaScript and by keyboard, on a phone, in light and in dark."""

from __future__ import annotations

import base64
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.accessibility import find_violations
from tests.e2e.gateway import Gateway
from tests.e2e.services.callbacks import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

pytestmark = [pytest.mark.browser, pytest.mark.lanes("h2-v7-suspending"), pytest.mark.timeout(120)]
PHONE: Any = {"width": 360, "height": 740}
DESK: Any = {"width": 900, "height": 900}


@pytest.fixture
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium is not None, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def links_of(lane: Lane, directory: Path) -> Iterator[str]:
    """Serve links; the URL is what the tests put in the place of the one that handlers give."""
    keys = f"test:{base64.b64encode(KEY).decode()}"
    options = ("--callbacks", "127.0.0.1:0", "--types", "tests.e2e.services.app")
    with Gateway(lane, directory, *options, AWAKEN_CALLBACK_KEYS=keys) as gateway:
        yield gateway.links.rstrip("/")


def ask(lane: Lane, effects: Effects, **given: Any) -> tuple[str, list[str]]:
    """Return the invocation of an order, and the tokens of its links in the order of the people."""
    invocation = lane.client.send("Purchasing/order", {"effects": effects.path, **given})
    people = given.get("approvers", ["boss@example.com"])
    found = dict(one.split() for one in effects.wait_for("link", len(people)))
    lane.client.wait_for_status(invocation, lane.waiting)
    return invocation, [found[person].rpartition("/")[2] for person in people]


def overflow(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_can_be_used_by_everybody_also_with_mistakes(
    lane: Lane, browser: Browser, tmp_path: Path, effects: Effects, scheme: Any
) -> None:
    invocation, (token,) = ask(lane, effects)
    with links_of(lane, tmp_path) as links:
        page = browser.new_page(viewport=DESK, color_scheme=scheme)
        page.goto(f"{links}/{token}?choose=approve")
        asked = find_violations(page)

        page.get_by_label("Amount").fill("6000")
        page.get_by_label("Contact").fill("nobody")
        page.get_by_role("button", name="Add").first.click()
        page.get_by_role("button", name="Approve").click()
        mistaken = find_violations(page)
        amount = page.get_by_label("Amount")
        expect(amount).to_have_attribute("aria-invalid", "true")
        expect(amount).to_have_value("6000")
        expect(amount).to_have_accessible_description(
            "What we may spend, in euros · more than 0, at most 5000 has to be at most 5000, and is 6000"
        )
        expect(page.get_by_role("radiogroup", name="How risky is it?")).to_have_attribute(
            "aria-invalid", "true"
        )
        page.get_by_role("alert").get_by_role("link", name="Amount").click()
        expect(amount).to_be_focused()

        page.set_viewport_size(PHONE)
        narrow = find_violations(page)
        assert overflow(page) == 0

        other = browser.new_page(viewport=DESK, color_scheme=scheme)
        other.goto(f"{links}/damaged")
        damaged = find_violations(other)

    assert (asked, mistaken, narrow, damaged) == ([], [], [], [])
    assert not lane.client.is_completed(invocation)


def test_person_fills_everything_in_by_keyboard_without_javascript_on_a_phone(
    lane: Lane, browser: Browser, tmp_path: Path, effects: Effects
) -> None:
    invocation, (token,) = ask(lane, effects)
    with links_of(lane, tmp_path) as links:
        context = browser.new_context(viewport=PHONE, java_script_enabled=False)
        page = context.new_page()
        page.goto(f"{links}/{token}")
        page.get_by_label("Amount").fill("12.50")
        page.get_by_label("Low").press("Space")
        page.get_by_label("Account").select_option("legal")
        page.get_by_label("Pay on").fill("2026-12-24")
        page.get_by_label("Meeting").fill("2026-12-03T14:00")
        page.get_by_label("Warranty").fill("2 d 4 h")
        page.get_by_label("Contact").fill("ada@example.com")
        page.get_by_label("Item").fill("Grinder")
        page.get_by_role("button", name="Add another to Lines").press("Enter")
        page.get_by_label("Item").nth(1).fill("Filter")
        page.get_by_label("Quantity").nth(1).fill("20")
        page.get_by_role("textbox", name="Tags 1").fill("office")
        page.get_by_role("button", name="Add another to Tags").press("Enter")
        page.get_by_role("textbox", name="Tags 2").fill("kitchen")
        page.get_by_role("button", name="Add another to Tags").press("Enter")
        page.get_by_role("button", name="Remove Tags 1").press("Enter")
        page.get_by_label("Comment").fill("fine\n\nthanks")
        assert overflow_without_scripts(page) <= 360
        page.get_by_role("button", name="Approve").press("Enter")
        expect(page.get_by_role("heading")).to_have_text("Thank you, this is approved now")
        page.goto(f"{links}/{token}")
        expect(page.get_by_role("heading")).to_have_text("This was approved")
        expect(page.get_by_text("by boss@example.com")).to_be_visible()
        expect(page.get_by_text("Grinder")).to_be_visible()

    assert lane.client.attach(invocation) == {
        "answer": {
            "approved": True,
            "amount": "12.50",
            "risk": "low",
            "account": "legal",
            "priority": 2,
            "pay_on": "2026-12-24",
            "at": None,
            "meeting": "2026-12-03T14:00:00Z",
            "warranty": "P2DT4H",
            "contact": "ada@example.com",
            "urgent": None,
            "lines": [{"item": "Grinder", "quantity": 1}, {"item": "Filter", "quantity": 20}],
            "tags": ["kitchen"],
            "deliver_to": None,
            "settings": {},
            "comment": "fine\n\nthanks",
        },
        "by": "boss@example.com",
        "via": "link",
    }


def test_enter_in_an_input_decides_nothing_where_two_buttons_do(
    lane: Lane, browser: Browser, tmp_path: Path, effects: Effects
) -> None:
    invocation, (token,) = ask(lane, effects)
    with links_of(lane, tmp_path) as links:
        page = browser.new_page()
        page.goto(f"{links}/{token}")
        page.get_by_label("Amount").fill("12.50")
        page.get_by_label("Amount").press("Enter")
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(page.get_by_label("Amount")).to_have_value("12.50")

    assert not lane.client.is_completed(invocation)


def test_quorum_is_told_and_each_link_answers_for_its_person(
    lane: Lane, browser: Browser, tmp_path: Path, effects: Effects
) -> None:
    people = ["lead@example.com", "group:finance", "cfo@example.com"]
    facts: dict[str, Any] = {
        "question": "Pay invoice 4711?",
        "details": "**ACME** sent it on Monday, see [the contract](https://example.org/contract).",
        "data": {
            "amount": "1200.00",
            "due": "2026-12-15",
            "lines": [{"item": "Booth", "price": "980.00"}, {"item": "Power", "price": "220.00"}],
        },
    }
    invocation, tokens = ask(lane, effects, answer="approval", approvers=people, quorum=2, **facts)
    with links_of(lane, tmp_path) as links:
        page = browser.new_page(viewport=DESK)
        page.goto(f"{links}/{tokens[0]}?choose=reject")
        expect(page.get_by_text("Nothing is sent yet")).to_be_visible()
        page.get_by_role("button", name="Approve").click()
        page.goto(f"{links}/{tokens[1]}")
        keep_picture(page, "form")
        page.get_by_role("button", name="Approve").click()
        page.goto(f"{links}/{tokens[2]}")
        expect(page.get_by_role("heading")).to_have_text("This was approved")
        expect(page.get_by_text("by the group finance")).to_be_visible()
        decided = find_violations(page)

    assert decided == []
    assert lane.client.attach(invocation)["by"] == "group:finance"


def overflow_without_scripts(page: Page) -> float:
    """Return how far to the right anything reaches."""
    boxes = [one.bounding_box() for one in page.locator("main *:visible").all()]
    return max(box["x"] + box["width"] for box in boxes if box)


def keep_picture(page: Page, name: str) -> None:
    """Save a screenshot for the documentation if AWAKEN_SCREENSHOTS names a folder."""
    folder = os.environ.get("AWAKEN_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
