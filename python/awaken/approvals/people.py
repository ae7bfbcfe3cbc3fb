"""Names of people and groups: `lead@example.com`, `group:finance`. Case and surrounding spaces make no difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["GROUP", "find_among", "is_among", "same_person"]

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
    known = {_key(one if one.startswith(GROUP) else f"{GROUP}{one}") for one in groups}
    if person is not None:
        known.add(_key(person))
    return next((name for name in names if _key(name) in known), None)


def _key(name: str | None) -> str | None:
    return None if name is None else name.strip().casefold()
