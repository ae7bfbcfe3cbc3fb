"""What axe finds wrong with a page in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.npm import install_packages

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: WCAG 2.2, levels A and AA, and what axe calls good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def find_violations(page: Page) -> list[str]:
    """Return the rules of accessibility that a page breaks, each with the elements that do."""
    folder = install_packages("axe-core-4.10.3", "axe-core@4.10.3")
    page.evaluate((folder / "node_modules/axe-core/axe.min.js").read_text() + "; 0")
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules}).then(results => results.violations)", RULES
    )
    return [
        f"{one['id']}: {one['help']}: " + "; ".join(node["html"][:300] for node in one["nodes"])
        for one in found
    ]
