"""The console in Chromium: every page in light and dark and on a phone, and a journal that is opened by keyboard."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.accessibility import find_violations
from tests.e2e.gateway import Gateway
from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.e2e.lanes import Lane

pytestmark = [pytest.mark.browser, pytest.mark.lanes("h2-v7-suspending"), pytest.mark.timeout(180)]
LOOKS = {
    "light": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1200, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light"},
}


@pytest.fixture
def gateway(lane: Lane, tmp_path: Path) -> Iterator[Gateway]:
    with Gateway(lane, tmp_path, "--inbox", "127.0.0.1:0") as gateway:
        yield gateway


def wait_for_receipt(lane: Lane, key: str) -> str:
    """Return an invocation with a bit of everything in its journal, which waits; of a key that has no state yet."""
    invocation = lane.client.send(f"Shipping/{key}/ship", {"weight": 2.5})
    sql = f"SELECT value_utf8 FROM state WHERE service_name = 'Shipping' AND service_key = '{key}' AND key = 'plain'"
    (row,) = eventually(lambda: lane.client.query(sql), bool, what="the id of an awakeable")
    lane.client.resolve(json.loads(row["value_utf8"]), b'"ok"')
    sql = f"SELECT name FROM sys_journal WHERE id = '{invocation}' AND name LIKE 'callback %'"
    eventually(lambda: lane.client.query(sql), bool, what="a callback")
    return invocation


@pytest.mark.parametrize("look", LOOKS)
def test_pages_can_be_read_by_everybody(lane: Lane, gateway: Gateway, browser: Browser, look: str) -> None:
    key = f"look-{look}-{uuid4().hex}"
    waiting = wait_for_receipt(lane, key)
    failing = lane.client.send(f"Shipping/lost-{look}/lose", "nobody knows " + "where " * 40)
    lane.client.wait_for_status(failing, ("backing-off",))
    place = f"service=Shipping&key={key}"
    page = browser.new_page(**LOOKS[look])  # type: ignore[arg-type]
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)

    for path in (
        "invocations?service=Shipping",
        f"invocations/{waiting}",
        f"invocations/{failing}",
        f"invocations/{failing}/kill",
        f"invocations/{waiting}/entries/0",
        "services",
        "services/Shipping",
        "services/Shipping/ship",
        "state?service=Shipping",
        f"state/key?{place}",
        f"state/edit?{place}&name=status",
        f"state/delete?{place}&name=status",
        "deployments",
    ):
        page.goto(f"{gateway.inbox}{path}")
        page.evaluate(
            "for (const one of [...document.querySelectorAll('details')].slice(0, 12)) one.open = true"
        )
        problems += [f"{path}: {one}" for one in find_violations(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems.append(f"{path}: wider than the window")
    page.close()
    lane.client.kill(failing)
    lane.client.kill(waiting)

    assert problems == []


def test_values_open_by_keyboard_and_stay_open_when_the_page_hears_of_news(
    lane: Lane, gateway: Gateway, browser: Browser
) -> None:
    invocation = wait_for_receipt(lane, f"keyboard-{uuid4().hex}")
    page = browser.new_page()
    page.goto(f"{gateway.inbox}invocations/{invocation}")
    row = page.locator(".row", has_text="print label")

    row.locator("summary").focus()
    page.keyboard.press("Enter")

    expect(row.locator(".shown")).to_contain_text('"label": "L-1"', timeout=20_000)
    # A server tells what a handler waits for once it is suspended.
    expect(page.get_by_text("Waits for Signed at the door?")).to_be_visible(timeout=20_000)
    lane.client.kill(invocation)
    expect(page.get_by_text("failed", exact=True)).to_be_visible(timeout=20_000)  # without a reload
    expect(page.get_by_text("Waits for")).to_have_count(0)
    expect(row.locator(".shown")).to_contain_text('"label": "L-1"')
    page.close()


def test_handler_is_called_and_its_result_shown(gateway: Gateway, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{gateway.inbox}services/Greeter/greet")

    page.get_by_label("Input").fill("Ada")
    page.get_by_role("button", name="Call").click()

    expect(page.get_by_role("heading", name="It returned")).to_be_visible()
    expect(page.get_by_text('"Hello Ada!"')).to_be_visible()
    page.get_by_role("link", name="What it did").click()
    expect(page.get_by_text("completed", exact=True)).to_be_visible()
    page.close()
