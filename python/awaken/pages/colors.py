"""Colours and their contrast, as WCAG 2 defines it: an accent of the operator is moved until text in it can be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Color", "readable_on"]

_HEX: Final = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
#: Of text to its background (WCAG 2.2, 1.4.3, level AA).
ENOUGH: Final = 4.5
_STEPS: Final = 100


@dataclass(frozen=True, slots=True)
class Color:
    """A colour in sRGB, with parts from 0 to 255."""

    red: int
    green: int
    blue: int

    @classmethod
    def read(cls, text: str) -> Color:
        """Read `#rrggbb` or `#rgb`.

        Raises:
            ValueError: it is written otherwise.
        """
        found = _HEX.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"is {text[:40]!r}, which is not a colour; write it as in #0b5c6b")
        digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
        return cls(*bytes.fromhex(digits))

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    def contrast(self, other: Color) -> float:
        """Return the ratio of the luminances, from 1 to 21."""
        darker, lighter = sorted((self._luminance(), other._luminance()))
        return (lighter + 0.05) / (darker + 0.05)

    def mixed(self, other: Color, part: float) -> Color:
        """Return this colour with a part, from 0 to 1, of another one."""
        pairs = zip((self.red, self.green, self.blue), (other.red, other.green, other.blue), strict=True)
        return Color(*(round(own + (its - own) * part) for own, its in pairs))

    def _luminance(self) -> float:
        linear = [_linear(part / 255) for part in (self.red, self.green, self.blue)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def readable_on(color: Color, background: Color, towards: Color) -> Color:
    """Return a colour that text can have on a background.

    Args:
        color: what is wished for.
        background: what it is on.
        towards: black or white, which has enough contrast to the background.
    """
    steps = (color.mixed(towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(found for found in steps if found.contrast(background) >= ENOUGH)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
