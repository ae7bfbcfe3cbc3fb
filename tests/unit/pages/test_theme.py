"""The colours of the style sheet, and those of operators: text can be read on what it stands on, in both schemes."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from awaken.pages import Branding, hash_of_style, stylesheet
from awaken.pages.colors import ENOUGH, Color

THEME = stylesheet(Branding())
STATES = ("waiting", "running", "approved", "rejected", "failed", "neutral")
#: Of borders of inputs and buttons to what is around them (WCAG 2.2, 1.4.11).
ENOUGH_FOR_EDGES = 3.0


def tokens(style: str) -> list[dict[str, Color]]:
    """Return the colours of the light and of the dark scheme; what a later rule says replaces an earlier one."""
    light: dict[str, Color] = {}
    dark: dict[str, Color] = {}
    for is_dark, block in re.findall(r"(prefers-color-scheme: dark\) \{\s*)?:root \{([^}]*)\}", style):
        found = {name: Color.read(text) for name, text in re.findall(r"--([\w-]+): (#\w{6});", block)}
        (dark if is_dark else light).update(found)
    return [light, light | dark]


@pytest.mark.parametrize("color", [None, "#000", "#ffffff", "#ff0", "#0b5c6b", "#808080", "#00f", "#e60000"])
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_contrast(scheme: int, color: str | None) -> None:
    style = stylesheet(Branding(color=None if color is None else Color.read(color)))
    colors = tokens(style)[scheme]

    pairs = [
        (text, ground)
        for text in ("ink", "muted", "accent", "accent-strong", *STATES)
        for ground in ("ground", "surface", "sunken")
    ]
    pairs += [(state, f"{state}-tint") for state in STATES] + [("ink", f"{state}-tint") for state in STATES]
    pairs += [("on-accent", "accent"), ("on-accent", "accent-strong")]

    low = {pair: colors[pair[0]].contrast(colors[pair[1]]) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in low.items() if ratio < ENOUGH} == {}
    edges = {ground: colors["edge"].contrast(colors[ground]) for ground in ("ground", "surface")}
    assert {ground: round(ratio, 2) for ground, ratio in edges.items() if ratio < ENOUGH_FOR_EDGES} == {}


def test_accent_is_fitted_to_the_backgrounds_of_the_style_sheet() -> None:
    light, dark = tokens(THEME)

    assert (light["sunken"], dark["sunken"]) == (Color.read("#efece6"), Color.read("#2b2e36"))


@pytest.mark.parametrize("text", ["", "red", "#12", "#1234567", "rgb(1,2,3)", "#0b5c6b; }", "0b5c6b"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a colour; write it as in #"):
        Color.read(text)


def test_hash_allows_one_style() -> None:
    digest = base64.b64encode(hashlib.sha256(b"a {}").digest()).decode()

    assert hash_of_style("a {}") == f"'sha256-{digest}'"


def test_comments_stay_here() -> None:
    assert "/*" not in THEME
    assert "tests/" not in THEME
    assert THEME.startswith(":root {")
