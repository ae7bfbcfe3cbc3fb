"""The inbox in Chromium: a user answers by keyboard, and watches the invocation finish without a reload."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.e2e.gateway import Gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.e2e.effects import Effects
    from tests.e2e.lanes import Lane

pytestmark = [pytest.mark.browser, pytest.mark.lanes("h2-v7-suspending"), pytest.mark.timeout(120)]


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium is not None, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        yield page
        browser.close()


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
        keep_picture(page, "inbox")

        link.focus()
        page.keyboard.press("Enter")
        page.get_by_label("amount").fill("3")
        page.get_by_label("travel").focus()
        page.keyboard.press("Space")
        page.get_by_label("comment").fill("fine")
        keep_picture(page, "awakeable")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")

        expect(page.get_by_text("completed", exact=True)).to_be_visible(timeout=20_000)
        expect(page.get_by_role("list", name="Timeline of the journal")).to_be_visible()
        keep_picture(page, "invocation")

    assert lane.client.attach(invocation) == "True 3 travel fine"


def keep_picture(page: Page, name: str) -> None:
    """Save a screenshot for the documentation if AWAKEN_SCREENSHOTS names a folder."""
    folder = os.environ.get("AWAKEN_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")
