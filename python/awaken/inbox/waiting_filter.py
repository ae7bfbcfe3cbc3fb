"""Which of the waiting questions a visitor wants to see: the words and choices in the address of the page."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from awaken.approvals.people import GROUP, find_among, is_among

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.control.operations import AwakeableView
    from awaken.inbox.visitors import Visitor

__all__ = ["AGES", "WaitingFilter"]

_HOUR_MS: Final = 3_600_000
#: How long a question has waited, at least, in milliseconds.
AGES: Final = {"1h": _HOUR_MS, "1d": 24 * _HOUR_MS, "7d": 7 * 24 * _HOUR_MS}
#: Characters of one condition: more than names have.
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class WaitingFilter:
    """What is wanted; what is empty does not matter."""

    #: Words that have to be in title, service, key, labels or people, in any order and case; or whole ids.
    q: str = ""
    service: str = ""
    #: The name of a person or a group that is asked.
    person: str = ""
    #: `name:value`, or a name alone.
    label: str = ""
    #: A key of `AGES`.
    age: str = ""
    #: Whether only what the visitor is asked; "1" or empty.
    mine: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> WaitingFilter:
        """Read the parameters of an address; what is not understood does not matter."""
        given = {one.name: query.get(one.name, "").strip()[:_LONGEST] for one in fields(cls)}
        given["age"] = given["age"] if given["age"] in AGES else ""
        given["mine"] = "1" if given["mine"] else ""
        return cls(**given)

    @property
    def is_empty(self) -> bool:
        """Whether everything is wanted."""
        return self == WaitingFilter()

    @property
    def has_choices(self) -> bool:
        """Whether there are conditions beside the words and "mine"."""
        return bool(self.service or self.person or self.label or self.age)

    @property
    def reads_rows(self) -> bool:
        """Whether rows have to be looked at: a runtime itself knows about services only."""
        return replace(self, service="") != WaitingFilter()

    def query(self, **changes: str) -> str:
        """Return the query of an address with these conditions, changed; with a question mark, or empty."""
        given = {one.name: getattr(self, one.name) for one in fields(self)} | changes
        text = urlencode({name: value for name, value in given.items() if value})
        return f"?{text}" if text else ""

    def matches(self, view: AwakeableView, visitor: Visitor, now_ms: int) -> bool:
        """Return whether a question is wanted.

        Args:
            view: its awakeable.
            visitor: who looks, for "mine".
            now_ms: UTC milliseconds.
        """
        return (
            self._has_words(view)
            and self._has_label(view)
            and (not self.service or view.target.service == self.service)
            and (not self.age or (view.since_ms or now_ms) <= now_ms - AGES[self.age])
            and (not self.person or is_asked(view, _somebody(self.person), (), now_ms))
            and (not self.mine or is_asked(view, visitor.person, visitor.groups, now_ms))
        )

    def _has_words(self, view: AwakeableView) -> bool:
        words = self.q.split()
        if not words:
            return True
        people = () if view.approval is None else view.approval.people()
        labels = (text for pair in view.labels.items() for text in pair)
        found = "\n".join((view.title, str(view.target), *labels, *people)).casefold()
        # Not parts of ids: they are random, and any two letters are in some of them.
        ids = (view.awakeable_id, view.question_id, view.invocation_id)
        return all(word in ids or word.casefold() in found for word in words)

    def _has_label(self, view: AwakeableView) -> bool:
        if not self.label:
            return True
        return any(self.label in (name, f"{name}:{value}") for name, value in view.labels.items())


def is_asked(view: AwakeableView, person: str | None, groups: tuple[str, ...], now_ms: int) -> bool:
    """Return whether a person, or a group of the person, is asked by name. Of others, nobody is asked by name."""
    if view.approval is None:
        return False
    names = view.approval.people(now_ms)
    return find_among(person, groups, names) is not None and not is_among(
        person, groups, view.approval.not_by
    )


def _somebody(text: str) -> str:
    """Return the name of a person or a group, as it was typed or is in a link."""
    return f"{GROUP}{text.removeprefix(GROUP).strip()}" if text.startswith(GROUP) else text
