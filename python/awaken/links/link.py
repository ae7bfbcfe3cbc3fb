"""What a link says."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BadLinkError", "Link"]


@dataclass(frozen=True, slots=True)
class Link:
    """The facts of a callback, as they travel in its link: to be read by whoever has it, changed by nobody."""

    #: The awakeable it completes.
    awakeable_id: str
    #: What the handler called it.
    name: str
    #: The type its value has to have; see `name_of_type`. Empty takes any JSON.
    type_name: str
    #: UTC milliseconds from which on it opens nothing.
    expires_at_ms: int


class BadLinkError(Exception):
    """A link that this process did not sign, or that was changed on its way."""
