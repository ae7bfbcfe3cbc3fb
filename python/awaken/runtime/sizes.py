"""Sizes as the server reads them: `33554432`, `32 MiB`, `1.5gib`, `5M`.

Measured: units with `i` are powers of 1024, and those without are powers of 1000, in any case.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

__all__ = ["parse_size"]

_SIZE: Final = re.compile(r"(\d{1,20})(?:\.(\d{1,9}))?\s*([kmgt]?)(i?)b?", re.ASCII | re.IGNORECASE)


def parse_size(text: str) -> int:
    """Parse a number of bytes.

    Raises:
        ValueError: the text is not a size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or (match[4] and not match[3]):
        raise ValueError(f"{text[:40]!r} is not a size; write a number and a unit as in 32 MiB or 500 kB")
    unit = (1024 if match[4] else 1000) ** " kmgt".index(match[3].lower() or " ")
    return int(Fraction(f"{match[1]}.{match[2] or 0}") * unit)
