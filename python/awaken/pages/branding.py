"""Whose pages these are: a name, a logo and a colour, from the environment."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from awaken.diagnostics.printable import is_one_line
from awaken.pages.colors import Color

__all__ = ["Branding", "branding_from_environment"]

_NAME: Final = "AWAKEN_PAGES_NAME"
_LOGO: Final = "AWAKEN_PAGES_LOGO"
_COLOR: Final = "AWAKEN_PAGES_COLOR"
#: Characters of the name: it stands beside the logo, also on a phone.
LONGEST_NAME: Final = 60
#: Bytes of the logo: it is a part of every page that a link opens.
LARGEST_LOGO: Final = 64 * 1024
#: How files of each kind begin. A file that only has the name of a picture would be a gap on each page.
_PICTURES: Final = {
    ".svg": ("image/svg+xml", (b"<svg", b"<?xml", b"<!")),
    ".png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    ".jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    ".webp": ("image/webp", (b"RIFF",)),
    ".gif": ("image/gif", (b"GIF8",)),
}


@dataclass(frozen=True, slots=True)
class Branding:
    """What the pages show of their operator."""

    name: str = "awaken"
    #: A `data:` URL; empty for the logo of this package.
    logo: str = ""
    #: None for the colour of this package.
    color: Color | None = None


def branding_from_environment() -> Branding:
    """Return what `AWAKEN_PAGES_NAME`, `AWAKEN_PAGES_LOGO` and `AWAKEN_PAGES_COLOR` say.

    Raises:
        ValueError: one of them is malformed, or the logo cannot be read; the text names the variable.
    """
    return Branding(_read_name(), _read_logo(), _read_color())


def _read_name() -> str:
    name = os.environ.get(_NAME, "").strip()
    if len(name) > LONGEST_NAME or not is_one_line(name):
        raise ValueError(f"{_NAME} is {name[:70]!r}; use at most {LONGEST_NAME} printable characters")
    return name or Branding().name


def _read_logo() -> str:
    path = os.environ.get(_LOGO, "")
    if not path:
        return ""
    kinds = ", ".join(_PICTURES)
    if Path(path).suffix.lower() not in _PICTURES:
        raise ValueError(f"{_LOGO} is {path!r}, which is not a picture; name a file that ends in {kinds}")
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_LOGO + 1)
    except OSError as error:
        raise ValueError(f"{_LOGO}: cannot read {path}: {error.strerror or error}") from error
    if len(content) > LARGEST_LOGO:
        raise ValueError(
            f"{_LOGO}: {path} is larger than {LARGEST_LOGO} bytes, and every page contains it; make it smaller"
        )
    media_type, beginnings = _PICTURES[Path(path).suffix.lower()]
    if not content.lstrip().startswith(beginnings):
        raise ValueError(f"{_LOGO}: {path} is not the picture that its name says ({media_type})")
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _read_color() -> Color | None:
    text = os.environ.get(_COLOR, "")
    if not text:
        return None
    try:
        return Color.read(text)
    except ValueError as error:
        raise ValueError(f"{_COLOR} {error}") from error
