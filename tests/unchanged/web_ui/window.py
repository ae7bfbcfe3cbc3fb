"""A browser's window on the web UI, and what went wrong in it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, Response

BAD_REQUEST = 400


class Window:
    """A page of the web UI.

    Args:
        page: of the browser.
        url: of the web UI, without a slash at the end.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        #: Requests that were refused, and errors of the page.
        self.complaints: list[str] = []
        page.on("response", self._note)
        page.on("pageerror", lambda error: self.complaints.append(f"error in the page: {error}"))

    def show(self, path: str) -> None:
        """Show a page of the UI, by its path and query."""
        self.page.goto(f"{self._url}/{path}")

    @property
    def main(self) -> Locator:
        """What the page shows beside its menu."""
        return self.page.get_by_role("main")

    def confirm(self) -> None:
        """Confirm what a dialogue asks; the last of its buttons does that."""
        self.page.get_by_role("dialog").get_by_role("button").last.click()

    def _note(self, response: Response) -> None:
        if response.status >= BAD_REQUEST:
            request = response.request
            self.complaints.append(f"{response.status} for {request.method} {urlsplit(request.url).path}")
