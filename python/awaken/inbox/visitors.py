"""Who a visitor is: what headers of a proxy say. Without them, the inbox knows nobody.

A proxy that knows its users sets a header with each request, and replaces what a browser sent under its name. Whoever
reaches the inbox around the proxy can name anybody, so nobody else may reach it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken.approvals.people import GROUP
from awaken.links.limits import LONGEST_PERSON

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Visitor", "VisitorError", "VisitorHeaders"]

#: Groups of one visitor; directories of companies have hundreds for one person.
_MOST_GROUPS: Final = 1000
#: The name of a header.
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)


class VisitorError(Exception):
    """A request has headers that name nobody. The text says why, as a sentence."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page, or sends a form."""

    #: None if that is not known.
    person: str | None = None
    #: That the person belongs to.
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitorHeaders:
    """The headers by which a proxy names visitors."""

    #: Has the person, such as an address of mail. None if no proxy names anybody.
    user: str | None = None
    #: Has the person's groups, separated by commas.
    groups: str | None = None

    def __post_init__(self) -> None:
        """Check the names. Raises ValueError."""
        for name in (self.user, self.groups):
            if name is not None and not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not the name of a header; write one such as X-Forwarded-Email")
        if self.user is None and self.groups is not None:
            raise ValueError(f"the header {self.groups} has groups of a person whom no header names")

    @property
    def names_people(self) -> bool:
        """Whether a proxy says who visits."""
        return self.user is not None

    def read(self, headers: Iterable[tuple[bytes, bytes]]) -> Visitor:
        """Return who sent a request.

        Args:
            headers: of the request: names in lower case, and values.

        Raises:
            VisitorError: the header of the person is missing, is there twice, or does not name a person.
        """
        if self.user is None:
            return Visitor()
        sent = list(headers)
        people = _values(sent, self.user)
        if len(people) != 1 or not people[0]:
            found = f"it is there {len(people)} times" if len(people) > 1 else "it is missing"
            raise VisitorError(
                f"The proxy in front of the inbox has to say who you are in the header {self.user}, and {found}."
            )
        person = people[0]
        if person.casefold().startswith(GROUP) or len(person.encode()) > LONGEST_PERSON:
            raise VisitorError(
                f"The header {self.user} has to name a person in at most {LONGEST_PERSON} bytes."
            )
        listed = [] if self.groups is None else _values(sent, self.groups)
        groups = [group.strip() for value in listed for group in value.split(",")]
        return Visitor(person, tuple(dict.fromkeys(group for group in groups if group))[:_MOST_GROUPS])


def _values(headers: Iterable[tuple[bytes, bytes]], name: str) -> list[str]:
    wanted = name.lower().encode()
    return [_text(value) for sent, value in headers if sent.lower() == wanted]


def _text(value: bytes) -> str:
    try:
        return value.decode().strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()
