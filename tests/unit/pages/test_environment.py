"""Templates: what they show is escaped, and what they do not know is an error."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from awaken.pages import Branding, create_environment, stylesheet
from jinja2 import Environment, UndefinedError

if TYPE_CHECKING:
    from pathlib import Path

CONTROLS = "".join(map(chr, [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F]))
EVIL = f'"><script>alert(1)</script>\u202e\ud800{CONTROLS}'


def render(folder: Path, template: str, **facts: object) -> str:
    (folder / "page.html").write_text(template)
    return make(folder).get_template("own/page.html").render(facts)


def make(folder: Path) -> Environment:
    return create_environment(Branding(EVIL), now_ms=lambda: 0, own=folder)


def test_everything_that_is_shown_is_escaped(tmp_path: Path) -> None:
    template = """{% extends "pages/layout.html" %}
    {% import "pages/components.html" as ui %}
    {% block title %}{{ evil }}{% endblock %}
    {% block navigation %}{{ ui.navigation([{"href": evil, "label": evil, "icon": "", "count": evil}], evil) }}
    {%- endblock %}
    {% block content %}
    {{ evil }} {{ [evil] }} {{ evil | upper }} {{ evil | markdown }} {{ evil | humanise }}
    <p title="{{ evil }}">{{ ui.badge(evil, "failed") }}{{ ui.label(evil, evil) }}</p>
    {{ ui.button(evil, evil, evil) }} {{ ui.icon("check", evil) }} {{ ui.data({evil: [evil, {evil: evil}]}, evil) }}
    {% call ui.notice(evil) %}{{ evil }}{% endcall %}
    {% endblock %}"""

    page = render(tmp_path, template, evil=EVIL, style=stylesheet(Branding()))

    assert "<script" not in page.lower()
    assert "\u202e" not in re.sub(' (name|value)="[^"]*"', "", page), "these are sent back as they were"
    page.encode()
    assert not set(CONTROLS) & set(page)


def test_value_of_an_input_is_sent_back_as_it_was(tmp_path: Path) -> None:
    page = render(tmp_path, '<input value="{{ value | field_value }}">', value='\u202e"&<')

    assert page == '<input value="\u202e&quot;&amp;&lt;">'


def test_value_of_an_input_names_control_characters(tmp_path: Path) -> None:
    page = render(tmp_path, '<input value="{{ value | field_value }}">', value="a\x00\x1b\t\n\r\x7fb")

    assert page == '<input value="a\ufffd&#27;\t\n\r&#127;b">'


@pytest.mark.parametrize("text", ["a\x00b\x1b", "a&#1;b", "`a\x00`", "[" * 1001 + "\x00"])
def test_markdown_has_no_control_characters(tmp_path: Path, text: str) -> None:
    page = render(tmp_path, "{{ text | markdown }}", text=text)

    assert not {"\x00", "\x01", "\x1b"} & set(page)


def test_unknown_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError, match="missing"):
        render(tmp_path, "{{ missing }}")


def test_style_is_not_escaped_within_its_element(tmp_path: Path) -> None:
    page = render(
        tmp_path,
        '{% extends "pages/layout.html" %}{% block title %}{% endblock %}',
        style=stylesheet(Branding()),
    )

    assert f"<style>{stylesheet(Branding())}</style>" in page


def test_times_are_those_of_the_clock(tmp_path: Path) -> None:
    page = render(tmp_path, '{% import "pages/components.html" as ui %}{{ ui.time(7200000) }}')

    assert page == '<time datetime="1970-01-01T02:00:00Z" title="1 January, 02:00 UTC">in 2 h</time>'
