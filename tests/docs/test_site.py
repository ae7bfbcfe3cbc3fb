"""The site has every page, and links of its pages lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import pytest
import yaml

from scripts.docs.checking import dead_links
from scripts.docs.llms import navigation, write_texts
from scripts.docs.places import DOCS, PROJECT_PAGES, ROOT, SETTINGS
from scripts.docs.searching import arrange, settings
from scripts.docs.staging import adapt, include, stage
from tests.accessibility import find_violations
from tests.docs.shown import open_page

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page


def test_navigation_has_each_page_once() -> None:
    named = [entry.name for entry in navigation()]
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}

    assert sorted(named) == sorted(pages | {f"project/{name}" for name in PROJECT_PAGES})


def test_sections_are_folders() -> None:
    for entry in navigation():
        folder = entry.name.partition("/")[0]
        assert entry.section in ("", "Project") or folder == entry.section.lower().replace(" ", "-"), entry


@pytest.mark.parametrize(
    ("name", "text", "adapted"),
    [
        ("how-to/a.md", "[b](b.md#part)", "[b](b.md#part)"),
        ("how-to/a.md", "[c](../concepts/c.md)", "[c](../concepts/c.md)"),
        ("how-to/a.md", "![p](../pictures/inbox.png)", "![p](../pictures/inbox.png)"),
        ("how-to/a.md", "[map](../../ARCHITECTURE.md#the-map)", "[map](../project/ARCHITECTURE.md#the-map)"),
        ("project/CONTRIBUTING.md", "[page](docs/how-to/client.md)", "[page](../how-to/client.md)"),
        ("project/CONTRIBUTING.md", "[all](docs/decisions)", "[all](../decisions/README.md)"),
        ("how-to/a.md", "[it](../../examples/approval.py)", "[it](../examples/approval.py)"),
        ("how-to/a.md", "[orders.zip](../../examples/orders)", "[orders.zip](../examples/orders.zip)"),
        (
            "how-to/a.md",
            "[its test](../../tests/unit/examples/test_payment.py)",
            "[its test](../examples/payment/test_payment.py)",
        ),
        ("project/CONTRIBUTING.md", "[b](benches/README.md#a)", "[b](benches/README.md#a)"),
        ("how-to/a.md", "[the demo](../../examples/demo)", "the demo (`examples/demo`)"),
        ("how-to/a.md", "[`Makefile`](../../Makefile)", "`Makefile`"),
        ("how-to/a.md", "[far](https://restate.dev/a)", "[far](https://restate.dev/a)"),
        (
            "how-to/a.md",
            "<!-- excerpt: a.py -->\n```python\nx[0](a.md)\n```\n",
            "```python\nx[0](a.md)\n```\n",
        ),
    ],
)
def test_links_are_adapted_to_the_site(name: str, text: str, adapted: str) -> None:
    assert adapt(text, name) == adapted


def test_the_first_page_has_the_scene_of_the_readme(tmp_path: Path) -> None:
    stage(tmp_path)

    page = (tmp_path / "index.md").read_text()

    scene = (ROOT / "README.md").read_text().partition("<!-- scene -->\n")[2].partition("<!-- end -->")[0]
    assert scene.startswith("```python")
    assert scene in page
    assert "include" not in page
    assert "The README" not in page


def test_a_part_that_a_page_does_not_have_is_named() -> None:
    with pytest.raises(ValueError, match=r"README\.md has no part 'gone'"):
        include("<!-- include: README.md gone -->\n<!-- end -->\n")


def test_staging_removes_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "old.md").touch()

    stage(tmp_path)

    assert not (tmp_path / "old.md").exists()
    assert (tmp_path / "index.md").exists()
    assert (tmp_path / "assets" / "logo.svg").exists()
    assert (tmp_path / "examples" / "orders.zip").exists()


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("other/", ""),
        ("other/#part", ""),
        ("/other/", ""),
        ("https://restate.dev/gone", ""),
        ("gone/", "gone/ is not in the site"),
        ("other/#gone", "other/#gone names a part that the page does not have"),
        ("#gone", "#gone names a part that the page does not have"),
    ],
)
def test_dead_links_are_found(tmp_path: Path, link: str, problem: str) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "index.html").write_text('<h2 id="part">Part</h2>')
    (tmp_path / "index.html").write_text(f'<a href="{link}">there</a>')

    dead = dead_links(tmp_path)

    assert dead == ([f"index.html: {problem}"] if problem else [])


def test_texts_have_every_page_in_the_order_of_the_navigation(tmp_path: Path) -> None:
    stage(tmp_path / "pages")
    (tmp_path / "site").mkdir()

    write_texts(tmp_path / "pages", tmp_path / "site")

    names = [entry.name for entry in navigation()]
    index = (tmp_path / "site" / "llms.txt").read_text()
    whole = (tmp_path / "site" / "llms-full.txt").read_text()
    assert re.findall(r"^- \[.+?\]\((.+?)\): .+", index, re.MULTILINE) == names
    assert re.findall(r"^<!-- (.+) -->$", whole, re.MULTILINE) == names
    assert index.startswith(f"# {yaml.safe_load(SETTINGS.read_text())['site_name']}\n\n> ")
    for name in names:
        assert (tmp_path / "pages" / name).read_text().strip() in whole


def test_each_setting_has_an_entry_in_the_search() -> None:
    page = "# Settings\n\n## Of links\n\n| variable | |\n| --- | --- |\n| `AWAKEN_KEYS` | of `dev` |\n"

    assert [(item["title"], item["location"], item["text"]) for item in settings(page)] == [
        ("AWAKEN_KEYS", "reference/settings/#of-links", "of dev")
    ]


def test_search_leaves_out_the_project_and_lists_decisions_last() -> None:
    names = ("project/CHANGELOG/", "decisions/a/", "", "reference/a/", "how-to/a/")
    items = [{"location": name, "title": "Context.run", "text": ""} for name in names]

    arranged = arrange(items)

    assert [item["location"] for item in arranged] == ["how-to/a/", "reference/a/", "", "decisions/a/"]
    assert arranged[0]["text"] == " ctx.run"


# In a browser.

#: The theme's own: nested lists of one navigation are landmarks of one name. And tables whose corner is empty.
NOT_OURS = ("landmark-unique", "empty-table-header")


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_built_pages_are_accessible(
    built_site: str, browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    for path, width in (
        ("", 1280),
        ("how-to/approvals/", 1280),
        ("tutorial/01-service/", 1280),
        ("concepts/journal/", 1280),
        ("project/CONTRIBUTING/", 1280),
        ("comparison/performance/", 390),
    ):
        with open_page(browser, built_site + path, width, color_scheme=scheme) as page:
            found = [one for one in find_violations(page) if not one.startswith(NOT_OURS)]
            assert found == [], path


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_search_finds_a_page(built_site: str, browser: Browser) -> None:
    with open_page(browser, built_site) as page:
        _search(page, "awakeable")

        page.get_by_role("dialog").get_by_text("awakeable").first.wait_for()


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("ctx.run_typed", "reference/python/context/"),
        ("AWAKEN_CALLBACK_KEYS", "reference/settings/"),
        ("retry policy", "how-to/retries/"),
    ],
)
def test_search_shows_the_page_among_the_first_three(
    built_site: str, browser: Browser, words: str, wanted: str
) -> None:
    with open_page(browser, built_site) as page:
        _search(page, words)
        results = page.locator("a[href*='?h=']")
        results.nth(2).wait_for()

        addresses = results.evaluate_all("links => links.slice(0, 3).map(link => link.href)")

    found = [one.removeprefix(built_site) for one in addresses]
    assert any(one.startswith(wanted) for one in found), found


def _search(page: Page, words: str) -> None:
    field = page.locator("input[aria-label=Search]")
    field.wait_for(state="attached")  # the key is bound by then
    page.keyboard.press("Control+k")
    field.fill(words)


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_copied_console_block_is_the_commands_alone(built_site: str, browser: Browser) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    with open_page(browser, built_site + "tutorial/04-virtual-object/", permissions=allowed) as page:
        page.evaluate("navigator.clipboard.writeText('')")

        page.locator(".language-console", has_text="stock/lamp/add").locator(".md-code__button").click()
        page.wait_for_function("navigator.clipboard.readText()")
        copied = page.evaluate("navigator.clipboard.readText()").split("\n")

    assert [line.split()[0] for line in copied if line] == ["curl", "curl", '\'{"id":', "curl"]
