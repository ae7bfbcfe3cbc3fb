"""What a browser really sends: pages of another site fail, and the pages of this one work."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from awaken import _core
from playwright.sync_api import expect, sync_playwright

from tests.e2e.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.doors.setups import Setup

pytestmark = [pytest.mark.browser, pytest.mark.on("dev"), pytest.mark.timeout(120)]


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium is not None, "these tests need Chromium: apt-get install chromium"
    rules = "--host-resolver-rules=MAP *.example 127.0.0.1"  # as an attacker's name server would
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", rules])
        yield browser.new_context().new_page()  # tests open further tabs in it
        browser.close()


@contextmanager
def site_of_attacker(document: str) -> Iterator[str]:
    """Serve a page at http://evil.example."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(document.encode())

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://evil.example:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_page_of_another_site_changes_nothing(doors: Setup, page: Page) -> None:
    invocation = doors.client.send("Waiting/wait")
    doors.client.wait_for_status(invocation, ("suspended", "running"))
    awakeable = _core.format_awakeable_id(_core.parse_invocation_id(invocation), 17)
    resolve = f"{doors.ingress_url}/restate/awakeables/{awakeable}/resolve"
    document = f"""
        <form method=post enctype=text/plain action="{resolve}"><input name='"stolen' value='"'></form>
        <img src="{doors.ingress_url}/Waiting/wait/send">
        <script>
            const picture = new Promise((done) => document.images[0].onerror = done)
            const options = {{method: "POST", mode: "no-cors", body: '"stolen"'}}
            const call = fetch("{doors.ingress_url}/Keeper/k/put", options)
            Promise.allSettled([picture, call]).then(() => document.forms[0].submit())
        </script>"""
    count = "SELECT COUNT(1) AS n FROM sys_invocation WHERE target_service_name = 'Waiting'"
    before = doors.client.query(count)
    requests: set[str] = set()
    page.on("request", lambda request: requests.add(request.url))
    answers: dict[str, int] = {}
    page.on("response", lambda response: answers.update({response.url: response.status}))

    with site_of_attacker(document) as url:
        page.goto(url)
        page.wait_for_url(resolve)
        rebound = page.goto(doors.admin_url.replace("127.0.0.1", "evil.example") + "/services")

    assert rebound is not None
    assert rebound.status == 403
    assert "--allow-host evil.example" in rebound.text()
    assert len([url for url in requests if doors.ingress_url in url]) == 3
    assert {status for url, status in answers.items() if doors.ingress_url in url} == {403}
    assert doors.client.query(count) == before
    assert doors.client.call("Keeper/k/get") is None
    doors.client.resolve(awakeable, b'"right"')
    assert doors.client.attach(invocation) == "right"


def test_forms_of_links_and_inbox_are_at_home(doors: Setup, page: Page, tmp_path: Path) -> None:
    path = tmp_path / "link"
    invocation = doors.client.send("Waiting/ask", str(path))
    link = eventually(lambda: path.read_text() if path.exists() else "", what="the link")
    waits = doors.client.send("Waiting/wait")

    with site_of_attacker(f'<a href="{link}">from web mail</a>') as url:
        page.goto(url)
        page.get_by_role("link").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_role("heading")).to_contain_text("accepted")

    page.goto(f"{doors.inbox_url}/invocations/{waits}")
    page.get_by_role("link", name="Kill").click()
    page.get_by_role("button", name="Kill").click()
    expect(page.get_by_text("killed").first).to_be_visible()

    assert doors.client.attach(invocation) is True
    assert doors.client.failure(waits).code == 409


def test_link_that_was_opened_twice_from_web_mail_works_in_both_tabs(
    doors: Setup, page: Page, tmp_path: Path
) -> None:
    """A strict cookie would not be sent when it is opened again, and the first form would no longer fit."""
    path = tmp_path / "link"
    invocation = doors.client.send("Waiting/ask", str(path))
    link = eventually(lambda: path.read_text() if path.exists() else "", what="the link")
    other = page.context.new_page()

    with site_of_attacker(f'<a href="{link}">from web mail</a>') as url:
        for tab in (page, other):
            tab.goto(url)
            tab.get_by_role("link").click()
            expect(tab.get_by_role("heading")).to_contain_text("approve?")
    for tab in (page, other):
        tab.get_by_role("button", name="No").click()
    page.goto(link)

    expect(other.get_by_role("heading")).to_contain_text("There is an answer already")
    expect(page.get_by_role("heading")).to_contain_text("There is an answer already")
    assert doors.client.attach(invocation) is False
