"""Names of people and groups: `lead@example.com`, `group:finance`.

Case and surrounding spaces make no difference, nor does whether an accent is a character of its own: of handlers and
proxies, each may write names in its way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["GROUP", "find_among", "is_among", "is_group", "same_person"]

#: What the name of a group begins with.
GROUP: Final = "group:"


def same_person(one: str | None, other: str | None) -> bool:
    """Return whether two names are of one person. All who are unknown count as one."""
    return _key(one) == _key(other)


def is_among(person: str | None, groups: Iterable[str], names: Iterable[str]) -> bool:
    """Return whether a person, or a group that the person belongs to, is named. Nobody knows the unknown."""
    return find_among(person, groups, names) is not None


def find_among(person: str | None, groups: Iterable[str], names: Iterable[str]) -> str | None:
    """Return the name by which a person, or a group of the person, is named; None if neither is.

    Args:
        person: None for somebody unknown.
        groups: that the person belongs to, with or without `group:` in front.
        names: of people and groups.
    """
    known = {_key(one if is_group(one) else f"{GROUP}{one}") for one in groups}
    if person is not None:
        known.add(_key(person))
    return next((name for name in names if _key(name) in known), None)


def is_group(name: str) -> bool:
    """Return whether a name is of a group."""
    return name.strip().casefold().startswith(GROUP)


def _key(name: str | None) -> str | None:
    if name is None:
        return None
    key = name.strip()
    # Accents are composed last: before, that would make letters of signs.
    key = key.lower() if key.isascii() else normalize("NFC", "".join(map(_lower, key)))
    return f"{GROUP}{key.removeprefix(GROUP).strip()}" if key.startswith(GROUP) else key


def _lower(letter: str) -> str:
    """Return the small letter of a capital one, and what is none as it is.

    `casefold` makes one name of several that directories and mail servers keep apart, such as `strasse` and `straße`,
    and a k of the sign for Kelvin: whoever may choose a name could choose that of an approver.
    """
    small = letter.lower()
    return small if small.upper() == letter else letter
