"""The style sheet of all pages, with the operator's colour."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from awaken.pages.colors import Color, readable_on

if TYPE_CHECKING:
    from awaken.pages.branding import Branding

__all__ = ["hash_of_style", "stylesheet"]

_THEME: Final = Path(__file__).parent / "static" / "theme.css"
_COMMENT: Final = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
_WHITE: Final = Color(255, 255, 255)
_BLACK: Final = Color(0, 0, 0)
#: The least favourable backgrounds of text in the accent's colour, in `theme.css`: `--sunken` of each scheme.
_LIGHT: Final = Color.read("#efece6")
_DARK: Final = Color.read("#2b2e36")


@lru_cache(maxsize=8)
def stylesheet(branding: Branding) -> str:
    """Return the style sheet. Serve it, or put it into a page with `hash_of_style` in the policy."""
    # Each page of a link has it within; comments are for those who change it.
    theme = _COMMENT.sub("", _THEME.read_text())
    if branding.color is None:
        return theme
    light = readable_on(branding.color, _LIGHT, _BLACK)
    dark = readable_on(branding.color, _DARK, _WHITE)
    return (
        f"{theme}\n:root {{ --accent: {light}; --accent-strong: {light.mixed(_BLACK, 0.2)}; --dawn: {light}; }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ --accent: {dark}; "
        f"--accent-strong: {dark.mixed(_WHITE, 0.2)}; --dawn: {dark}; }} }}\n"
    )


def hash_of_style(style: str) -> str:
    """Return the source of a content security policy that allows one `<style>` with exactly this text."""
    digest = hashlib.sha256(style.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
