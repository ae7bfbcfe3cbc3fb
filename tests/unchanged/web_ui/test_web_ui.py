"""The server's web UI works with the embedded runtime as with its own server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from tests.e2e.endpoint import EndpointProcess
    from tests.e2e.ingress import Client
    from tests.unchanged.web_ui.window import Window

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_overview_shows_services_and_their_deployment(window: Window, endpoint: EndpointProcess) -> None:
    window.show("overview")

    for name in ("Shop", "Carts", "Signups"):
        expect(window.main.get_by_text(name, exact=True).first).to_be_visible()
    expect(window.main.get_by_text(endpoint.url).first).to_be_visible()


def test_deployment_is_registered(window: Window, endpoint: EndpointProcess, client: Client) -> None:
    elsewhere = endpoint.url.replace("127.0.0.1", "localhost")

    window.show("overview?register-deployment=true")
    dialog = window.page.get_by_role("dialog").last
    dialog.get_by_placeholder("http://localhost:9080").fill(elsewhere)
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_text("review").first).to_be_visible()  # what a trial found
    dialog.get_by_role("button", name="Confirm").click()

    deployments = f"SELECT endpoint FROM sys_deployment WHERE endpoint = '{elsewhere}/'"
    eventually(lambda: client.query(deployments), what="the deployment")


def test_playground_describes_a_handler_and_calls_it(window: Window) -> None:
    window.show("overview?servicePlayground=Shop#/operations/order")
    page = window.page

    expect(page.get_by_text("Orders things.")).to_be_visible()
    page.locator("textarea").first.fill('{"number": 7, "items": ["ink"]}')
    page.get_by_role("button", name="Send API Request").click()

    expect(page.get_by_text("order 7 of ink").first).to_be_visible()


def test_invocations_are_listed_and_counted_by_status(window: Window, client: Client) -> None:
    invocation = client.send("Shop/review", "an essay")

    window.show("invocations?sort_field=created_at&sort_order=DESC&column=id&column=target&column=status")

    expect(window.main.get_by_role("link", name=invocation[:8]).first).to_be_visible()
    expect(window.main.get_by_text("review").first).to_be_visible()


def test_timeline_shows_the_journal_and_the_invocation_is_cancelled(window: Window, client: Client) -> None:
    invocation = client.send("Shop/review", "a poem")

    window.show(f"invocations/{invocation}")
    for text in ("remember", "order"):
        expect(window.main.get_by_text(text).first).to_be_visible()
    window.page.get_by_text("Cancel…").first.click()
    window.confirm()

    assert client.failure(invocation).code == 409
    expect(window.page.get_by_text("Cancelled").first).to_be_visible()


@pytest.mark.parametrize(
    ("action", "status"),
    [
        pytest.param("pause", "paused", id="pause"),
        pytest.param("kill", "completed", id="kill"),
    ],
)
def test_running_invocation_is_changed(window: Window, client: Client, action: str, status: str) -> None:
    invocation = client.send("Shop/review", "a letter")

    window.show(f"invocations/{invocation}?{action}-invocation={invocation}")
    window.confirm()

    client.wait_for_status(invocation, (status,))


def test_completed_invocation_is_purged(window: Window, client: Client) -> None:
    invocation = client.send("Shop/order", {"number": 3})
    client.attach(invocation)

    window.show(f"invocations/{invocation}?purge-invocation={invocation}")
    window.confirm()

    gone = f"SELECT id FROM sys_invocation WHERE id = '{invocation}'"
    eventually(lambda: not client.query(gone), what="the purge")


def test_statement_is_answered(window: Window, client: Client) -> None:
    client.send("Shop/order", {"number": 4})

    window.show("introspection?query=SELECT DISTINCT target_handler_name AS handler FROM sys_invocation")

    expect(window.main.get_by_text("order").first).to_be_visible()


def test_timeline_shows_why_an_attempt_failed(window: Window, client: Client) -> None:
    invocation = client.send("Shop/stumble")
    client.wait_for_status(invocation, ("paused",))

    window.show(f"invocations/{invocation}")

    for text in (
        "Resume…",
        "A retry-able error was received",
        "ValueError('the stock is unknown')",
        "count stock",
        "Paused after",
    ):
        expect(window.page.get_by_text(text).first).to_be_visible()


def test_state_is_shown_and_replaced(window: Window, client: Client) -> None:
    key = uuid4().hex
    client.call(f"Carts/{key}/add", "pen")

    window.show("state/Carts")
    row = window.main.get_by_role("row").filter(has_text=key)
    row.locator("[aria-haspopup]").last.click()
    window.page.get_by_role("menuitem", name="Edit").click()
    dialog = window.page.get_by_role("dialog").last
    editor = dialog.locator(".view-lines").first
    expect(editor).to_contain_text("pen")
    editor.click()
    window.page.keyboard.press("Control+A")
    window.page.keyboard.press("Delete")
    window.page.keyboard.type("[7")  # the editor closes brackets
    expect(editor).to_have_text("[7]")
    dialog.get_by_role("button", name="Save").click()

    expect(window.page.get_by_text("successfully accepted")).to_be_visible()
    stored = f"SELECT value_utf8 FROM state WHERE service_key = '{key}'"
    eventually(lambda: client.query(stored) == [{"value_utf8": "[7]"}], what="the new state")
    assert client.call(f"Carts/{key}/add", "pen") == 2
