"""Approvals in Chromium, on `awaken dev`: asked by mail and in Slack, reminded, escalated, answered through each door.

With AWAKEN_SCREENSHOTS=FOLDER it also takes the pictures of the documentation.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from playwright.sync_api import expect

from tests.accessibility import find_violations
from tests.e2e.company import Company, fill, invoice
from tests.e2e.waiting import eventually
from tests.fake_slack import SECRET, TOKEN, FakeSlack, signed, text_of, user
from tests.smtp_server import SmtpServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

PICTURES: Final = os.environ.get("AWAKEN_SCREENSHOTS", "")
LEAD: Final = {"x-user": "lead@example.com", "x-groups": "finance"}


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(browser: Browser, scheme: Any) -> Iterator[Page]:
    """A page of the lead, whom a proxy would name. It fails on errors of scripts and of the content security policy."""
    context = browser.new_context(
        viewport={"width": 1200, "height": 800}, color_scheme=scheme, extra_http_headers=LEAD
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    # A page that says with status 409 that somebody was first is as it should be.
    assert [one for one in problems if not one.startswith("Failed to load resource")] == []


@pytest.fixture(scope="module")
def mails() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="module")
def workspace() -> Iterator[FakeSlack]:
    with FakeSlack([user("U0002", "cfo@example.com")], {"finance": "C0001"}) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def company(
    tmp_path_factory: pytest.TempPathFactory, mails: SmtpServer, workspace: FakeSlack
) -> Iterator[Company]:
    with _open_company(tmp_path_factory.mktemp("company"), mails, workspace) as company:
        yield company


def _open_company(directory: Path, mails: SmtpServer, workspace: FakeSlack) -> Company:
    environment = {
        "COMPANY_SMTP": mails.url(),
        "COMPANY_SLACK": workspace.url,
        "AWAKEN_SLACK_TOKEN": TOKEN,
        "AWAKEN_SLACK_SIGNING_SECRET": SECRET,
        "AWAKEN_SLACK_URL": workspace.url,
    }
    return Company(directory, environment)


def mail_of(mails: SmtpServer, to: str, subject: str) -> Any:
    def find() -> Any:
        return next((one for one in mails.mails if one["To"] == to and one["Subject"] == subject), None)

    return eventually(find, what=f"the mail {subject!r} to {to}")


def open_mail(page: Page, mail: Any) -> None:
    """Show a mail as a mail program does."""
    page.goto("about:blank")  # else the policy of the page before would be that of the mail
    page.set_content(mail.get_body(("html",)).get_content())


def test_asked_reminded_escalated_and_answered_by_the_link_of_a_mail(
    company: Company, mails: SmtpServer, page: Page, scheme: str
) -> None:
    number = {"light": 101, "dark": 102}[scheme]
    asked = invoice(number, approvers=["lead@example.com"], remind_after_s=1.5, escalate=["cfo@example.com"])
    question = f"Pay invoice {asked['number']} of {asked['vendor']}?"
    invocation = company.client.send("Payments/pay", asked)

    for to, subject in (
        ("lead@example.com", question),
        ("lead@example.com", f"Reminder: {question}"),
        ("cfo@example.com", f"Escalated: {question}"),
    ):
        open_mail(page, mail_of(mails, to, subject))
        expect(page.get_by_role("heading", name=question)).to_be_visible()
        assert find_violations(page) == []
    expect(page.get_by_text("Others did not answer in time, so you are asked.")).to_be_visible()
    page.get_by_role("link", name="Approve").click()
    expect(page.get_by_role("heading", name=question)).to_be_visible()
    expect(page.get_by_text("cfo@example.com").first).to_be_visible()
    page.get_by_label("Travel").check()
    page.get_by_label("Comment").fill("as ordered")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("approved", exact=False).first).to_be_visible()
    result = company.client.attach(invocation)
    open_mail(page, mail_of(mails, "lead@example.com", f"Approved: {question}"))

    assert result.startswith("paid, as cfo@example.com said")
    assert result.endswith("EUR on travel")
    expect(page.get_by_text("Approved by cfo@example.com")).to_be_visible()
    expect(page.get_by_text("as ordered")).to_be_visible()
    page.get_by_role("link", name="Open").click()
    expect(page.get_by_text("cfo@example.com").first).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


def test_answered_in_the_inbox_without_a_reload(company: Company, page: Page, scheme: str) -> None:
    number = {"light": 103, "dark": 104}[scheme]
    asked = invoice(number)
    page.goto(f"{company.inbox_url}/?mine=1")
    invocation = company.client.send("Payments/pay", asked)

    link = page.get_by_role("link", name=f"Pay invoice {asked['number']} of {asked['vendor']}?")
    expect(link).to_be_visible(timeout=20_000)
    link.click()
    page.get_by_label("Comment").fill("not ours")
    page.get_by_role("button", name="Reject").click()

    assert company.client.attach(invocation) == "not paid: not ours"
    page.goto(f"{company.inbox_url}/")
    expect(page.get_by_text(f"Pay invoice {asked['number']} ")).to_have_count(0)


def test_answered_in_slack_while_the_inbox_is_open(
    company: Company, workspace: FakeSlack, page: Page, scheme: str
) -> None:
    number = {"light": 105, "dark": 106}[scheme]
    asked = invoice(number, approvers=["group:finance"])
    question = f"Pay invoice {asked['number']} of {asked['vendor']}?"
    invocation = company.client.send("Payments/pay", asked)
    page.goto(f"{company.inbox_url}/")
    link = page.get_by_role("link", name=question)
    expect(link).to_be_visible(timeout=20_000)

    def find() -> Any:
        return next((one for one in workspace.messages.get("C0001", []) if one["text"] == question), None)

    body = workspace.click(eventually(find, what="the message in Slack"), "Approve", "U0002")
    answered = httpx.post(company.clicks_url, content=body, headers=signed(body))

    assert answered.status_code == 200
    assert "Approved by cfo@example.com" in text_of(workspace.responses[-1]["blocks"])
    assert company.client.attach(invocation).startswith("paid, as cfo@example.com said")
    expect(link).to_have_count(0, timeout=20_000)


@pytest.mark.parametrize("scheme", ["light"], indirect=True)
@pytest.mark.parametrize(
    "path", ["/", "/history", "/invocations", "/services", "/services/Payments", "/deployments"]
)
def test_pages_are_as_wide_as_a_phone(company: Company, page: Page, path: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})

    page.goto(f"{company.inbox_url}{path}")

    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.skipif(not PICTURES, reason="AWAKEN_SCREENSHOTS names no folder")
@pytest.mark.parametrize("scheme", ["light"], indirect=True)
def test_pictures(tmp_path: Path, browser: Browser, page: Page) -> None:
    with (
        SmtpServer() as mails,
        FakeSlack([user("U0002", "cfo@example.com")], {"finance": "C0001"}) as workspace,
        _open_company(tmp_path, mails, workspace) as company,
    ):
        # Beside the loop of the browser, which runs in this thread.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(fill, company).result()
        mail = mail_of(mails, "lead@example.com", "Pay invoice 4702 of Northwind Hosting?")
        for name, path in (("inbox", "/"), ("history", "/history")):
            page.goto(f"{company.inbox_url}{path}")
            take(page, name)
        page.goto(f"{company.inbox_url}/")
        page.get_by_role("link", name="Pay invoice 4703").click()
        take(page, "awakeable", is_full=True)
        ended = company.client.query(
            "SELECT id FROM sys_invocation WHERE target_service_name = 'Payments' AND status = 'completed' LIMIT 1"
        )
        page.goto(f"{company.inbox_url}/invocations/{ended[0]['id']}")
        take(page, "invocation", is_full=True)
        link = re.search(r"http://\S+", mail.get_body(("plain",)).get_content())
        assert link is not None
        for scheme in ("light", "dark"):
            narrow = browser.new_page(
                viewport={"width": 760, "height": 600}, color_scheme="light" if scheme == "light" else "dark"
            )
            narrow.goto(f"{link[0]}?choose=approve")
            take(narrow, f"approval-form-{scheme}", is_full=True)
            open_mail(narrow, mail)
            take(narrow, f"approval-mail-{scheme}", is_full=True)
            narrow.close()


def take(page: Page, name: str, *, is_full: bool = False) -> None:
    page.wait_for_load_state()
    page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=is_full)
