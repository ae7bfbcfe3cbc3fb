"""Pages of the built site as a browser shows them, once the theme is done with them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

#: The theme's script frames tables and adds buttons to code, some time after the page is loaded.
_IS_DONE = """() =>
    [...document.querySelectorAll(".md-typeset table:not([class])")].every(
        table => table.closest(".md-typeset__scrollwrap"))
    && [...document.querySelectorAll(".md-typeset .highlight > pre")].every(
        block => block.querySelector(".md-code__nav"))
"""
#: Observers of sizes (site.js) are called before the second frame from now is drawn.
_IS_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@contextmanager
def open_page(browser: Browser, address: str, width: int = 1280, **options: Any) -> Iterator[Page]:
    """Open a page in a window of its own, and wait until its scripts have changed it.

    Args:
        browser: which opens it.
        address: of the page.
        width: of the window, in pixels.
        options: of the context, such as `color_scheme`.
    """
    context = browser.new_context(viewport={"width": width, "height": 800}, **options)
    page = context.new_page()
    page.goto(address)
    wait_until_done(page)
    yield page
    context.close()


def wait_until_done(page: Page) -> None:
    """Wait until the scripts have changed the page."""
    page.wait_for_function(_IS_DONE)
    page.evaluate(_IS_DRAWN)
