"""Markdown of handlers, which may contain what strangers wrote."""

from __future__ import annotations

import re
import time

import pytest
from awaken.pages import render_markdown


def test_markdown_becomes_html() -> None:
    text = "# Offer\n**ACME** sent [it](https://example.org/a?b=1&c=2).\n\n| a | b |\n| - | - |\n| 1 | 2 |\n"

    html = render_markdown(text)

    assert "<h3>Offer</h3>" in html
    assert "<strong>ACME</strong>" in html
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer nofollow">it</a>' in html
    assert "<td>2</td>" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![p](https://example.org/pixel.png)",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](data:text/html,x)",
        "[a](vbscript:x)",
        "[a](//example.org)",
        "[a](/restate/callbacks)",
        "<javascript:alert(1)>",
        "[a]: javascript:alert(1)\n\n[a]",
        '[a](https://example.org/" onclick="alert(1))',
        "```js onload=alert(1)\"'>\ncode\n```",
        "<https://example.org/\"onclick='x'>",
    ],
)
def test_markdown_can_do_nothing(text: str) -> None:
    html = render_markdown(text)

    tags = re.findall(r"<[^>]*>", html)
    allowed = (
        r'</?(p|pre|em|strong|code)>|<code class="language-js">|</a>|<a href="https?://[^"]*" rel="[^"]*">'
    )
    assert [tag for tag in tags if not re.fullmatch(allowed, tag)] == []


@pytest.mark.parametrize(
    "text", ["a\u202eb", "a&#x202e;b", "`\u202e`", "[\u202e](https://e.org/\u202e)", "\ud800"]
)
def test_markdown_reorders_nothing_and_can_be_written(text: str) -> None:
    html = render_markdown(text)

    assert "\u202e" not in html
    html.encode()


@pytest.mark.parametrize(
    "unit", ["[", "*a_", "![", "`", "> ", "- ", "<", "|-", "[a](", "&#x26;", "a\n\n", "**", "\\"]
)
def test_long_markdown_takes_a_moment(unit: str) -> None:
    began = time.process_time()

    render_markdown(unit * (60_000 // len(unit)))

    assert time.process_time() - began < 5


def test_table_does_not_grow_with_the_square_of_its_text() -> None:
    columns = 1500
    text = f"{'|a' * columns}|\n{'|-' * columns}|\n" + "a\n" * columns  # each row gets cells for all columns

    assert len(render_markdown(text)) < 1_000_000
