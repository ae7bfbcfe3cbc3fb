"""The server's web UI in Chromium: its files come from a real server, everything else from the runtime in question."""

from __future__ import annotations

import shutil
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.e2e.endpoint import EndpointProcess
from tests.e2e.ingress import Client
from tests.unchanged.web_ui.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Route

    from tests.e2e.runtime import Runtime
    from tests.unchanged.runtimes import Both

APP = "tests.unchanged.web_ui.application:app"
#: Headers of the files that browsers need to use them.
KEPT_HEADERS = ("content-type", "service-worker-allowed")
#: The UI is a megabyte of script, and the machine may be busy.
TIMEOUT_MS = 30_000
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    # A page that a test puts in the place of an answer comes from nowhere, which is not this machine.
    "--disable-features=LocalNetworkAccessChecks",
)
#: Without a graphics card, a browser spends most of its time on blur and movement.
CALM = """
addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = `*, *::before, *::after {
    animation: none !important; transition: none !important; box-shadow: none !important;
    backdrop-filter: none !important; filter: none !important; mask: none !important;
  }`;
  document.head.append(style);
});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium is not None, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        expect.set_options(timeout=TIMEOUT_MS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(both: Both) -> Callable[[str], httpx.Response]:
    """Return a file of the UI by its path, from the real server, which is asked once for each."""

    @cache
    def read(path: str) -> httpx.Response:
        return httpx.get(f"{both.server.admin_url}{path}", follow_redirects=True)

    return read


@pytest.fixture(scope="module")
def endpoint(both: Both, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EndpointProcess]:
    """An endpoint that is registered with both runtimes."""
    endpoint = EndpointProcess(tmp_path_factory.mktemp("endpoint"), APP)
    endpoint.start()
    for runtime in both:
        with Client(runtime.ingress_url, runtime.admin_url) as client:
            client.register(endpoint.url, use_http_11=False)
    yield endpoint
    endpoint.kill()


@pytest.fixture
def client(runtime: Runtime, endpoint: EndpointProcess) -> Iterator[Client]:
    with Client(runtime.ingress_url, runtime.admin_url) as client:
        yield client


@pytest.fixture
def window(
    both: Both,
    runtime: Runtime,
    browser: Browser,
    files: Callable[[str], httpx.Response],
    endpoint: EndpointProcess,
) -> Iterator[Window]:
    """A window on the web UI of one runtime. No page may fail, and no request may be refused."""
    page = browser.new_page(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    page.add_init_script(CALM)
    page.set_default_timeout(TIMEOUT_MS)

    def give_file(route: Route) -> None:
        answer = files(urlsplit(route.request.url).path)
        headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        route.fulfill(status=answer.status_code, body=answer.content, headers=headers)

    if runtime is not both.server:
        page.route(f"{runtime.admin_url}/ui/**", give_file)
    window = Window(page, f"{runtime.admin_url}/ui")
    yield window
    page.close()
    assert window.complaints == []
