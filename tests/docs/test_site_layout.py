"""What readers see of the built site, on wide screens, laptops and phones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.docs.shown import open_page, wait_until_done

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WIDE, LAPTOP, PHONE = 1600, 1280, 390
#: With wide tables, long names, long lines of code and pictures.
PAGES = (
    "",
    "reference/settings/",
    "reference/command-line/",
    "reference/handlers/",
    "comparison/",
    "comparison/performance/",
    "project/CONTRIBUTING/",
    "concepts/replay/",
    "reference/http/",
    "tutorial/03-awakeable/",
    "production/troubleshooting/",
)

Scheme = Literal["light", "dark"]


@pytest.mark.parametrize("width", [WIDE, LAPTOP, PHONE])
def test_what_is_wider_than_the_page_scrolls_by_keys(built_site: str, browser: Browser, width: int) -> None:
    with open_page(browser, built_site, width) as page:
        for path in PAGES:
            _go(page, built_site + path)

            assert page.evaluate("document.querySelector('.md-main').scrollWidth") <= width, path
            frames = page.locator(".md-typeset__scrollwrap, .md-typeset p:has(> img)").evaluate_all(
                "frames => frames.filter(it => it.scrollWidth > it.clientWidth)"
                ".map(it => [it.tabIndex, getComputedStyle(it).overflowX])"
            )
            assert all(frame == [0, "auto"] for frame in frames), path


@pytest.mark.parametrize("width", [LAPTOP, PHONE])
def test_names_in_tables_are_in_one_line(built_site: str, browser: Browser, width: int) -> None:
    with open_page(browser, built_site, width) as page:
        for path in PAGES:
            _go(page, built_site + path)

            broken = page.locator("td code").evaluate_all(
                "codes => codes.filter(it => !/[\\s/]/.test(it.textContent) && it.textContent.length <= 32"
                " && it.getClientRects().length > 1).map(it => it.textContent)"
            )
            assert broken == [], path


def test_settings_are_not_wider_than_a_laptop(built_site: str, browser: Browser) -> None:
    with open_page(browser, built_site + "reference/settings/", LAPTOP) as page:
        assert page.locator(".md-typeset__scrollwrap").count() == 3
        assert page.locator(".md-typeset__scrollwrap[data-wide]").count() == 0


def test_nothing_of_the_markdown_is_left(built_site: str, browser: Browser) -> None:
    with open_page(browser, built_site + "production/") as page:
        assert page.locator("li.box").count() > 10
        assert "[ ]" not in page.locator("article").inner_text()
        _go(page, built_site + "reference/command-line/")
        assert "\\|" not in page.locator("article").inner_text()


def test_headings_leave_no_empty_line_on_phones(built_site: str, browser: Browser) -> None:
    with open_page(browser, built_site + "production/troubleshooting/", PHONE) as page:
        for width in range(360, 440, 8):
            page.set_viewport_size({"width": width, "height": 800})

            lines = page.locator("article h2").evaluate_all(
                """them => them.map(it => {
                    const text = document.createRange();
                    text.selectNodeContents(it.firstChild);
                    const height = parseFloat(getComputedStyle(it).lineHeight);
                    return [it.offsetHeight / height, text.getClientRects().length];
                })"""
            )

            assert lines
            assert [round(whole) for whole, _ in lines] == [of_text for _, of_text in lines], width


def test_cells_name_their_columns_on_phones(built_site: str, browser: Browser) -> None:
    with open_page(browser, built_site + "reference/settings/", PHONE) as page:
        row = page.locator("tr", has_text="AWAKEN_BIND").first
        titles = row.locator("td").evaluate_all(
            "cells => cells.filter(it => it.offsetHeight > 0).map(it => getComputedStyle(it, '::before').content)"
        )

        assert titles == ["none", '"option: "', '"commands: "', '"default: "', "none"]


def test_heads_of_tables_stay_below_the_header(built_site: str, browser: Browser) -> None:
    with open_page(browser, built_site + "reference/settings/", WIDE) as page:
        page.locator("td", has_text="AWAKEN_METRICS").first.evaluate(
            "it => it.scrollIntoView({block: 'center'})"
        )
        wait_until_done(page)

        head, above = page.locator("thead").first.locator("th").first, page.locator(".md-header")
        at = head.evaluate("it => it.getBoundingClientRect().top")
        assert abs(at - above.evaluate("it => it.getBoundingClientRect().bottom")) <= 1
        assert head.evaluate("it => getComputedStyle(it).backgroundColor") not in (
            "transparent",
            "rgba(0, 0, 0, 0)",
        )


@pytest.mark.parametrize("width", [LAPTOP, PHONE])
def test_no_line_of_code_is_below_its_buttons(built_site: str, browser: Browser, width: int) -> None:
    with open_page(browser, built_site + "tutorial/03-awakeable/", width) as page:
        gaps = page.locator("pre:has(> .md-code__nav)").evaluate_all(
            "blocks => blocks.map(it => it.querySelector('.md-code__nav').getBoundingClientRect().left"
            " - it.querySelector('code').getBoundingClientRect().right)"
        )

        assert gaps
        assert min(gaps) >= 0


@pytest.mark.parametrize(("width", "least"), [(WIDE, 350), (LAPTOP, 350), (1000, 250)])
def test_search_field_is_at_the_end_of_the_header(
    built_site: str, browser: Browser, width: int, least: int
) -> None:
    with open_page(browser, built_site, width) as page:
        field = page.locator(".md-search__button").bounding_box()
        header = page.locator(".md-header__inner").bounding_box()

    assert field is not None
    assert header is not None
    assert field["width"] >= least
    assert header["x"] + header["width"] - field["x"] - field["width"] < 20


def test_texts_of_drawings_stay_readable_on_phones(built_site: str, browser: Browser) -> None:
    with open_page(browser, built_site + "concepts/replay/", PHONE) as page:
        drawing = page.locator("article img:visible")

        size = drawing.evaluate("it => 13 * it.width / it.naturalWidth")  # of most texts
        assert size > 11
        assert page.locator("p:has(> img)").get_attribute("tabindex") == "0"


def test_a_section_lists_the_page_that_it_begins_with(built_site: str, browser: Browser) -> None:
    with open_page(browser, built_site + "comparison/performance/", LAPTOP) as page:
        first = page.locator(".md-sidebar--primary a.md-nav__link:visible").first

        assert (first.get_attribute("href") or "").removeprefix(built_site) in ("../", "comparison/")


def test_contents_open_from_the_header_on_phones(built_site: str, browser: Browser) -> None:
    with open_page(browser, built_site + "tutorial/03-awakeable/", PHONE) as page:
        page.mouse.wheel(0, 900)
        page.mouse.wheel(0, -300)  # this is when the theme would show its way to the top
        button, header = page.locator(".md-sidebar-button"), page.locator(".md-header")

        button.click()
        page.locator(".md-sidebar--secondary .md-nav__link").first.click(trial=True)

        place, above = button.bounding_box(), header.bounding_box()
        assert place is not None
        assert above is not None
        assert place["y"] + place["height"] <= above["y"] + above["height"]
        icons = page.locator(".md-header__option, .md-header__button:visible")
        edges = [box for box in (icon.bounding_box() for icon in icons.all()) if box and box["width"]]
        assert all(
            box["x"] + box["width"] <= place["x"] + 1 or place["x"] + place["width"] <= box["x"] + 1
            for box in edges
        )
        assert not page.locator(".md-top").is_visible()


@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize("chosen", ["", "light", "dark"])
def test_pictures_follow_the_switch_before_the_system(
    built_site: str, browser: Browser, system: Scheme, chosen: str
) -> None:
    with open_page(browser, built_site + "concepts/journal/", color_scheme=system) as page:
        if chosen:
            page.locator("input[name=__palette]").nth(["", "light", "dark"].index(chosen)).dispatch_event(
                "click"
            )

        shown = page.locator("article img:visible")
        shown.first.wait_for()

        assert shown.evaluate_all("them => them.map(it => new URL(it.src).hash)") == [
            f"#only-{chosen or system}"
        ]


def _go(page: Page, address: str) -> None:
    page.goto(address)
    wait_until_done(page)
