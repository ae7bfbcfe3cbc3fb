"""Markdown as Slack writes it."""

from __future__ import annotations

import pytest
from awaken.notify.mrkdwn import escape_mrkdwn, write_mrkdwn


@pytest.mark.parametrize(
    ("markdown", "written"),
    [
        ("**ACME** sent it on *Monday*.", "*ACME* sent it on _Monday_."),
        ("# Big **news**", "*Big news*"),
        ("one\ntwo\n\nthree", "one two\n\nthree"),
        ("one  \ntwo", "one\ntwo"),
        ("- one\n- two\n  - inner", "• one\n• two\n    • inner"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("> said\n> twice", "> said twice"),
        ("`a < b`", "`a &lt; b`"),
        ("```python\nx = 1 < 2\n```", "```\nx = 1 &lt; 2\n```"),
        ("[site](https://example.org/?a=1&b=2)", "<https://example.org/?a=1&amp;b=2|site>"),
        ("[mail](mailto:a@example.org)", "<mailto:a@example.org|mail>"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("[x](/relative)", "x"),
        ("[a|b](https://example.org)", "<https://example.org|a¦b>"),
        ("![p](https://example.org/p.png)", "!<https://example.org/p.png|p>"),
        ("<!channel> <@U123> @here", "&lt;!channel&gt; &lt;@U123&gt; @here"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"),
        ("---", "———"),
        ("", ""),
    ],
)
def test_markdown(markdown: str, written: str) -> None:
    assert write_mrkdwn(markdown) == written


def test_what_would_reorder_text_is_escaped() -> None:
    assert escape_mrkdwn("a\u202eb & <c>") == "a\\u202eb &amp; &lt;c&gt;"


def test_details_with_many_brackets_are_sent_as_they_are() -> None:
    assert write_mrkdwn("[<" * 20_000) == "[&lt;" * 20_000
