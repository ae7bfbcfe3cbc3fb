"""Which answers of the history a visitor wants to see: the choices in the address of the page."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from awaken.approvals import Via
from awaken.approvals.people import is_among, same_person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awaken.control.history import PastAnswer

__all__ = ["UNKNOWN", "HistoryFilter"]

#: Stands for somebody unknown, in the choice of a person.
UNKNOWN: Final = "unknown"
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What is wanted; what is empty does not matter."""

    #: A name, a group in whose name somebody answered, or `UNKNOWN`.
    person: str = ""
    service: str = ""
    #: A value of `Via`.
    door: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> HistoryFilter:
        """Read the parameters of an address; what is not understood does not matter."""
        given = {one.name: query.get(one.name, "").strip()[:_LONGEST] for one in fields(cls)}
        given["door"] = given["door"] if given["door"] in set(Via) else ""
        return cls(**given)

    @property
    def is_empty(self) -> bool:
        """Whether everything is wanted."""
        return self == HistoryFilter()

    @property
    def reads_answers(self) -> bool:
        """Whether answers have to be looked at: a runtime itself knows about services only."""
        return bool(self.person or self.door)

    def query(self, **changes: str) -> str:
        """Return the query of an address with these conditions, changed; with a question mark, or empty."""
        given = {one.name: getattr(self, one.name) for one in fields(self)} | changes
        text = urlencode({name: value for name, value in given.items() if value})
        return f"?{text}" if text else ""

    def matches(self, past: PastAnswer) -> bool:
        """Return whether an answer is wanted."""
        if not self.reads_answers:
            return True
        answered = past.answered
        if answered is None:
            return False
        if self.door and (not past.is_approval or answered.via != self.door):
            return False
        if not self.person:
            return True
        if answered.by is None:
            return past.is_approval and same_person(self.person, UNKNOWN)
        return same_person(self.person, answered.by) or is_among(None, answered.groups, [self.person])
